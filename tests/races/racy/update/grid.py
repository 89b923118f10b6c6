"""Rows of a picture are added up into one row by two threads. A value can be lost."""

# race: update sums[0]
# also: update sums[1]

import threading

picture = [[1, 2], [3, 4], [5, 6], [7, 8]]
sums = [0, 0]


def add(rows):
    for row in rows:
        for column, value in enumerate(row):
            sums[column] += value  # racing


upper = threading.Thread(target=add, args=(picture[:2],))
lower = threading.Thread(target=add, args=(picture[2:],))
upper.start()
lower.start()
upper.join()
lower.join()
print(sums)
print("end")
