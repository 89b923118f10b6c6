"""Rows of a grid are computed in phases, each from all rows of the phase before."""

import threading

WORKERS = 3
barrier = threading.Barrier(WORKERS)
old = [1, 2, 3]
new = [0, 0, 0]


def work(number):
    global old, new
    for _ in range(4):
        new[number] = old[number - 1] + old[number]
        if barrier.wait() == 0:
            old, new = new, old
        barrier.wait()


threads = [threading.Thread(target=work, args=(n,)) for n in range(WORKERS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(old)
print("end")
