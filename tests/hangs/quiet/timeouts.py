"""Two locks in two orders, but one of the two gives up in time."""

import threading

one, two = threading.Lock(), threading.Lock()
both_ready = threading.Barrier(2)


def patient():
    with one:
        both_ready.wait()
        with two:
            pass


def impatient():
    with two:
        both_ready.wait()
        assert not one.acquire(timeout=2.5)


threads = [threading.Thread(target=patient), threading.Thread(target=impatient)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("end")
