"""Readings go through stages: parsed, smoothed, and summed, with a queue between each."""

import queue
import threading

import measured

END = object()


def lines(count):
    for number in range(count):
        yield f"sensor-{number % 5};{number};{(number * 37) % 101}"


class Stage(threading.Thread):
    def __init__(self, source, target):
        super().__init__(name=type(self).__name__)
        self.source, self.target = source, target
        self.count = 0

    def items(self):
        while True:
            batch = self.source.get()
            if batch is END:
                return
            yield from batch

    def run(self):
        batch = []
        for item in self.items():
            self.count += 1
            batch.append(self.handle(item))
            if len(batch) == 50:
                self.target.put(batch)
                batch = []
        if batch:
            self.target.put(batch)
        self.target.put(END)


class Parse(Stage):
    def handle(self, line):
        name, number, value = line.split(";")
        return name, int(number), int(value)


class Smooth(Stage):
    def __init__(self, source, target):
        super().__init__(source, target)
        self.last = {}

    def handle(self, reading):
        name, number, value = reading
        recent = self.last.setdefault(name, [])
        recent.append(value)
        if len(recent) > 4:
            del recent[0]
        total = 0
        for each in recent:
            total += each
        return name, number, total / len(recent)


class Sum(Stage):
    def __init__(self, source, target):
        super().__init__(source, target)
        self.sums = {}

    def handle(self, reading):
        name, _, value = reading
        self.sums[name] = self.sums.get(name, 0) + value
        return self.sums[name]


def main(scale):
    queues = [queue.Queue(maxsize=20) for _ in range(3)] + [queue.Queue()]
    stages = [
        kind(source, target)
        for kind, source, target in zip(
            (Parse, Smooth, Sum), queues[:-1], queues[1:], strict=True
        )
    ]
    for stage in stages:
        stage.start()
    batch = []
    for line in lines(scale):
        batch.append(line)
        if len(batch) == 50:
            queues[0].put(batch)
            batch = []
    queues[0].put(batch)
    queues[0].put(END)
    for stage in stages:
        stage.join()
        assert stage.count == scale
    expected = {}
    recent = {}
    for number in range(scale):
        name, value = f"sensor-{number % 5}", (number * 37) % 101
        last = recent[name] = [*recent.get(name, ())[-3:], value]
        expected[name] = expected.get(name, 0) + sum(last) / len(last)
    assert stages[-1].sums == expected


if __name__ == "__main__":
    measured.run(main, 270_000)
