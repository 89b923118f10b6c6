"""The highest load so far is kept with max(). A higher one can be written over by a lower."""

# race: update Monitor.peak

import threading


class Monitor:
    def __init__(self):
        self.peak = 0

    def report(self, load):
        self.peak = max(self.peak, load)  # racing


monitor = Monitor()
threads = [threading.Thread(target=monitor.report, args=(load,)) for load in (3, 8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(monitor.peak in (3, 8))
print("end")
