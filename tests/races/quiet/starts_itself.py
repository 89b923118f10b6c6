"""A thread that starts itself at the end of its __init__, and is stopped through a queue."""

import queue
import threading


class Writer(threading.Thread):
    def __init__(self, name):
        super().__init__(name=name)
        self.lines = queue.Queue()
        self.written = []
        self.count = 0
        self.start()

    def run(self):
        while (line := self.lines.get()) is not None:
            self.count += 1
            self.written.append(f"{self.count}: {line}")

    def close(self):
        self.lines.put(None)
        self.join()
        self.count += 1


with_lines = [Writer("a"), Writer("b")]
for writer in with_lines:
    writer.lines.put("hello")
    writer.lines.put("bye")
for writer in with_lines:
    writer.close()
    print(writer.written, writer.count)
print("end")
