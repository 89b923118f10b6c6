"""Results of processes: their executor's threads all wait for a pipe or for each other."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor


def slow(word):
    time.sleep(2.5)
    return word


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        print(pool.submit(slow, "end").result())
