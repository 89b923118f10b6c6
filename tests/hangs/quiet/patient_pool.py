"""Tasks wait for others of their own pool with a timeout, and then do the work themselves."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

pool, both_here = ThreadPoolExecutor(2), threading.Barrier(2)


def part(number):
    return number


def whole(number):
    both_here.wait()
    asked = pool.submit(part, number)
    wait([asked], timeout=1.3)
    return part(number) if asked.cancel() else asked.result()


asked = [pool.submit(whole, number) for number in range(2)]
assert sorted(future.result() for future in asked) == [0, 1]
print("end")
