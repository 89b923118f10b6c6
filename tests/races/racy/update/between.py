"""Requests are counted under a lock, and the bytes between without one. Bytes can be lost."""

# race: update Stats.sent

import threading


class Stats:
    def __init__(self):
        self.lock = threading.Lock()
        self.open = 0
        self.sent = 0

    def serve(self, body):
        with self.lock:
            self.open += 1
        self.sent += len(body)  # racing
        with self.lock:
            self.open -= 1


stats = Stats()
threads = [threading.Thread(target=stats.serve, args=(body,)) for body in (b"hello", b"bye")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(stats.open, stats.sent)
print("end")
