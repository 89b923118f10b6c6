"""A statistic is counted by its name, with getattr and setattr."""

# race: update Stats.hits

import threading


class Stats:
    def __init__(self):
        self.hits = 0
        self.misses = 0

    def count(self, name):
        setattr(self, name, getattr(self, name) + 1)  # racing


stats = Stats()
threads = [threading.Thread(target=stats.count, args=("hits",)) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(stats.misses)
print("end")
