"""A task waits for another of its own raddle.Pool, while a heartbeat ticks."""

import threading

import raddle

pool = raddle.Pool(2)
stop = threading.Event()


def beat():
    while not stop.wait(0.05):
        pass


def size(page):
    return pool.submit(len, page).result()


threading.Thread(target=beat, name="heartbeat", daemon=True).start()
sizes = [pool.submit(size, page) for page in ("one", "two", "three")]
print([each.result() for each in sizes])
