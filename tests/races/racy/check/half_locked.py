"""The check is made without the lock and not again under it, so the lock comes too late."""

# race: check Pool.workers

import threading


class Pool:
    def __init__(self):
        self.lock = threading.Lock()
        self.workers = None

    def start(self, number):
        if self.workers is None:  # racing
            with self.lock:
                self.workers = [f"worker {n}" for n in range(number)]  # racing


pool = Pool()
threads = [threading.Thread(target=pool.start, args=(2,)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(pool.workers)
print("end")
