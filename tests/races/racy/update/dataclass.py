"""Statistics in a dataclass are handed to two threads, and each adds to them."""

# race: update Stats.requests
# race: update Stats.seconds

import threading
from dataclasses import dataclass


@dataclass
class Stats:
    requests: int = 0
    seconds: float = 0.0


def serve(stats, durations):
    for duration in durations:
        stats.requests += 1  # racing
        stats.seconds += duration  # racing


stats = Stats()
threads = [
    threading.Thread(target=serve, args=(stats, [0.5, 0.25])),
    threading.Thread(target=serve, args=(stats, [0.25])),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(stats)
print("end")
