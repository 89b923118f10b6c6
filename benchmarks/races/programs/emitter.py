"""An event emitter: handlers come and go while other threads emit."""

import threading
from collections import defaultdict

import measured


class Emitter:
    def __init__(self):
        self._lock = threading.Lock()
        self._handlers = defaultdict(list)
        self.emitted = 0

    def on(self, name, handler):
        with self._lock:
            self._handlers[name].append(handler)

    def off(self, name, handler):
        with self._lock:
            self._handlers[name].remove(handler)

    def once(self, name, handler):
        def called(*args):
            self.off(name, called)
            handler(*args)

        self.on(name, called)

    def emit(self, name, *args):
        with self._lock:
            self.emitted += 1
            handlers = list(self._handlers[name])
        for handler in handlers:
            handler(*args)
        return len(handlers)


class Tally:
    def __init__(self):
        self.lock = threading.Lock()
        self.count = self.total = 0

    def add(self, amount):
        with self.lock:
            self.count += 1
            self.total += amount


def work(emitter, name, tally, rounds):
    emitter.on(name, tally.add)
    seen = []
    for number in range(rounds):
        if number % 10 == 0:
            emitter.once(name, seen.append)
        emitter.emit(name, number)
        emitter.emit("all", 1)
    emitter.off(name, tally.add)
    assert seen == list(range(0, rounds, 10))


def main(scale):
    emitter, everything = Emitter(), Tally()
    emitter.on("all", everything.add)
    tallies = [Tally() for _ in range(4)]
    threads = [
        threading.Thread(target=work, args=(emitter, f"room-{n}", tally, scale))
        for n, tally in enumerate(tallies)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert everything.total == everything.count == 4 * scale
    assert emitter.emitted == 8 * scale
    for tally in tallies:
        assert (tally.count, tally.total) == (scale, scale * (scale - 1) // 2)


if __name__ == "__main__":
    measured.run(main, 70_000)
