"""Ten tasks, one thread each, and a main program that waits for them all.

Run it:  python examples/tutorial/tasks.py
"""

import threading

TASKS = 10
results = [None] * TASKS  # one place for each task, so no two threads share one


def square(number):
    results[number] = number * number


if __name__ == "__main__":
    threads = []
    for number in range(TASKS):
        # `args` is a tuple: a single value needs the comma, (number,).
        thread = threading.Thread(target=square, args=(number,))
        thread.start()
        threads.append(thread)

    # Start all of them first and join them afterwards. A join() inside the loop
    # above would wait for each task before it started the next one.
    for thread in threads:
        thread.join()

    for number, result in enumerate(results):
        print(f"task {number}: {result}")
    print(f"{len(threads)} threads, all finished: {not any(t.is_alive() for t in threads)}")
