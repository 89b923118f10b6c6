"""A barrier for three, and one of them has failed before."""

import threading

start_line = threading.Barrier(3)


def run(number):
    if number == 2:
        return  # it has hurt its knee
    start_line.wait()


runners = [threading.Thread(target=run, args=(i,), name=f"runner-{i}") for i in range(3)]
for runner in runners:
    runner.start()
for runner in runners:
    runner.join()
