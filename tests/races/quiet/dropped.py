"""The last thread to let go of a log closes it, from its `__del__`: nobody else has it."""

import threading


class Log:
    def __init__(self, lines):
        self.lines = lines
        self.count = 0
        self.is_open = True
        self.lock = threading.Lock()

    def write(self, line):
        with self.lock:
            self.count += 1
            self.lines.append(line)

    def close(self):
        if self.is_open:
            self.is_open = False
            self.lines.append(f"{self.count} lines")

    def __del__(self):
        self.close()


def work(log):
    for number in range(10):
        log.write(f"line {number}")


lines = []
log = Log(lines)
threads = [threading.Thread(target=work, args=[log]) for _ in range(3)]
for thread in threads:
    thread.start()
del log
for thread in threads:
    thread.join()
print(lines[-1])
print("end")
