"""A callback that is called with the lock held calls back."""

import threading

lock = threading.Lock()
listeners = []


def subscribe(listener):
    with lock:
        listeners.append(listener)


def publish(news):
    with lock:
        for listener in listeners:
            listener(news)


def remember(news):
    subscribe(print)


subscribe(remember)
publisher = threading.Thread(target=publish, args=("rain",), name="publisher")
publisher.start()
publisher.join()
