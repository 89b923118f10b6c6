"""An event bus: listeners are replaced as a whole under a lock, and gone over without one."""

import threading


class Bus:
    def __init__(self):
        self._lock = threading.Lock()
        self._listeners = {}

    def subscribe(self, topic, function):
        with self._lock:
            listeners = dict(self._listeners)
            listeners[topic] = (*listeners.get(topic, ()), function)
            self._listeners = listeners
        return lambda: self.unsubscribe(topic, function)

    def unsubscribe(self, topic, function):
        with self._lock:
            listeners = dict(self._listeners)
            listeners[topic] = tuple(f for f in listeners.get(topic, ()) if f is not function)
            self._listeners = listeners

    def publish(self, topic, *args):
        for function in self._listeners.get(topic, ()):
            function(*args)


class Listener:
    def __init__(self, bus, topic):
        self.lock = threading.Lock()
        self.seen = []
        self.cancel = bus.subscribe(topic, self)

    def __call__(self, value):
        with self.lock:
            self.seen.append(value)


class Totals(Listener):
    total = 0

    def __call__(self, value):
        super().__call__(value)
        with self.lock:
            self.total += value


bus = Bus()
first = Totals(bus, "order")


def publisher(n):
    for value in range(n):
        bus.publish("order", value)
        bus.publish("other", value)


def subscriber():
    for _ in range(10):
        mine = Listener(bus, "order")
        bus.publish("order", 1)
        mine.cancel()
        with mine.lock:
            assert mine.seen


threads = [threading.Thread(target=publisher, args=(20,)) for _ in range(2)] + [
    threading.Thread(target=subscriber) for _ in range(2)
]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(first.total, len(first.seen))
print("end")
