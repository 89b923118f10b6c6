"""Every worker of a raddle.Pool maps on that pool: the one that waits does the work itself."""

import threading

import raddle

never = threading.Event()


def slow(number):
    never.wait(0.4)
    return number


def total(number):
    return sum(pool.map(slow, [number] * 3))


with raddle.Pool(2) as pool:
    totals = [pool.submit(total, number) for number in range(4)]
    assert [each.result() for each in totals] == [0, 3, 6, 9]
print("end")
