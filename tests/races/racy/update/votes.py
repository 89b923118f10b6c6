"""Ballots are counted into a Counter from two polling stations. A vote can be lost."""

# race: update votes["ann"]

import threading
from collections import Counter

votes = Counter()


def count(ballots):
    for ballot in ballots:
        votes[ballot] += 1  # racing


stations = [["ann", "ann", "bob"], ["ann", "eve"]]
threads = [threading.Thread(target=count, args=(ballots,)) for ballots in stations]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(votes.items()))
print("end")
