"""Workers look whether a job is left, then pop it. For the last job two can be sure of it."""

# race: check jobs in last_job.py

import threading

jobs = ["build"]
done = []


def work():
    if jobs:  # racing
        done.append(jobs.pop())  # racing


threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(done)
print("end")
