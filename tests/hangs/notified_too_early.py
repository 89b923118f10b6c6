"""A notify that comes before anybody waits is lost."""

import threading

condition = threading.Condition()


def announce():
    with condition:
        condition.notify_all()


def listen():
    announcer.join()
    with condition:
        condition.wait()


announcer = threading.Thread(target=announce, name="announcer")
listener = threading.Thread(target=listen, name="listener")
announcer.start()
listener.start()
listener.join()
