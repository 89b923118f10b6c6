"""Logs of several machines, read by a pool and added up by level, hour and address."""

import threading
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor, wait

import measured

LEVELS = ("DEBUG", "INFO", "INFO", "INFO", "WARNING", "ERROR")


class Report:
    def __init__(self):
        self._lock = threading.Lock()
        self.levels = Counter()
        self.hours = defaultdict(lambda: [0, 0])
        self.slowest = {}

    def add(self, level, hour, address, took):
        with self._lock:
            self.levels[level] += 1
            hours = self.hours[hour]
            hours[0] += 1
            hours[1] += took
            if took > self.slowest.get(address, -1):
                self.slowest[address] = took


def log(machine, count):
    for number in range(count):
        yield (
            f"2024-05-01T{number % 24:02}:00:00 {LEVELS[number % 6]} "
            f"10.0.0.{machine} GET /page/{number % 9} {number * 7 % 500}ms"
        )


def read(report, machine, count):
    skipped = 0
    for line in log(machine, count):
        when, level, address, method, path, took = line.split()
        if level == "DEBUG" or method != "GET" or path.endswith("/0"):
            skipped += 1
            continue
        report.add(level, int(when[11:13]), address, int(took[:-2]))
    return skipped


def main(scale):
    report = Report()
    with ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(read, report, machine, scale) for machine in range(8)]
        done, waiting = wait(tasks)
    assert not waiting
    kept = [n for n in range(scale) if n % 6 and n % 9]
    assert sum(task.result() for task in done) == 8 * (scale - len(kept))
    assert report.levels == {
        level: 8 * sum(LEVELS[n % 6] == level for n in kept)
        for level in ("INFO", "WARNING", "ERROR")
    }
    assert sum(sums for _, sums in report.hours.values()) == 8 * sum(n * 7 % 500 for n in kept)
    assert len(report.slowest) == 8


if __name__ == "__main__":
    measured.run(main, 32_000)
