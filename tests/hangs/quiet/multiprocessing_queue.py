"""A queue between processes, whose feeder thread idles; the main thread waits for a child."""

import multiprocessing
import time


def work(jobs, results):
    time.sleep(2.5)
    results.put(jobs.get())


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    jobs, results = context.Queue(), context.Queue()
    jobs.put("end")
    child = context.Process(target=work, args=(jobs, results))
    child.start()
    print(results.get())
    child.join()
