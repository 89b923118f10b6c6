"""A condition's waiter: the other side changes the state and forgets to notify."""

import threading

changed = threading.Condition()
ready = False


def prepare():
    global ready
    with changed:
        ready = True


def wait():
    with changed:
        while not ready:
            changed.wait()


waiter = threading.Thread(target=wait, name="waiter")
with changed:
    waiter.start()
    changed.wait_for(waiter.is_alive)
while not changed._waiters:
    pass
threading.Thread(target=prepare, name="preparer").start()
waiter.join()
