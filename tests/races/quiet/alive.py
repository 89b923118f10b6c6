"""The main thread asks is_alive() until it is false, and then changes what the thread made."""

import threading
import time


class Report:
    def __init__(self):
        self.lines = []
        self.pages = 0

    def make(self):
        for number in range(3):
            self.lines.append(f"line {number}")
            self.pages += 1


report = Report()
thread = threading.Thread(target=report.make)
thread.start()
while thread.is_alive():
    time.sleep(0)
report.pages += 1
for line in report.lines:
    print(line)
print(report.pages)

again = Report()
thread = threading.Thread(target=again.make)
thread.start()
while True:
    thread.join(timeout=0.001)
    if not thread.is_alive():
        break
again.pages += 1
print(again.pages)
print("end")
