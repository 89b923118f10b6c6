"""Each thread has its own generator; another generator goes from one thread to the next."""

import queue
import threading


def numbers(start):
    total = start
    while True:
        total += 1
        yield total


class Reader:
    def __init__(self, lines):
        self.lines = lines
        self.read = 0

    def __iter__(self):
        for line in self.lines:
            self.read += 1
            yield line


def own(out):
    source = numbers(10)
    out.append([next(source) for _ in range(3)])


def passed_on(lines, out):
    generator, reader = lines.get()
    out.append((next(generator), reader.read))
    lines.put((generator, reader))


out, lines = [], queue.SimpleQueue()
threads = [threading.Thread(target=own, args=(out,)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(out)

out.clear()
reader = Reader(["one", "two", "three"])
generator = iter(reader)
out.append((next(generator), reader.read))
lines.put((generator, reader))
threads = [threading.Thread(target=passed_on, args=(lines, out)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(out)
print("end")
