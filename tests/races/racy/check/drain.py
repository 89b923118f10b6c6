"""Two workers take jobs off a list as long as there are some: the last one is taken twice."""

# race: check jobs in drain.py

import threading

jobs, done = list(range(5)), []


def work():
    while len(jobs) > 0:  # racing
        done.append(jobs.pop())  # racing


threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(done))
print("end")
