"""Two threads sort samples into bins, which are items of a list. A sample can be lost."""

# race: update bins[2]

import threading

bins = [0, 0, 0, 0, 0]


def collect(samples):
    for sample in samples:
        bins[sample // 10] += 1  # racing


first = threading.Thread(target=collect, args=([3, 25],))
second = threading.Thread(target=collect, args=([21, 47],))
first.start()
second.start()
first.join()
second.join()
print(bins)
print("end")
