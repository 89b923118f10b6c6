"""Metrics are added under the lock, and shown without it."""

# race: walk Metrics.values

import threading


class Metrics:
    def __init__(self):
        self.lock = threading.Lock()
        self.values = {"requests": 2, "errors": 0}

    def add(self, name):
        with self.lock:
            self.values[name] = 0  # racing

    def count(self):
        with self.lock:
            return len(self.values)

    def show(self):
        lines = []
        try:
            for name, value in self.values.items():  # racing
                lines.append(f"{name} {value}")
        except RuntimeError:
            lines.append("changed")
        return lines


def show(metrics, out):
    out.append(metrics.show())
    metrics.count()


metrics, out = Metrics(), []
threads = [
    threading.Thread(target=metrics.add, args=("retries",)),
    threading.Thread(target=show, args=(metrics, out)),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(out))
print("end")
