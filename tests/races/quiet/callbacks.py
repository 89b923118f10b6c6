"""A callback of a future reads what the task wrote, and the main thread waits for it."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor


class Upload:
    def __init__(self, name):
        self.name = name
        self.bytes = 0
        self.checked = threading.Event()

    def send(self):
        self.bytes = len(self.name)

    def check(self, future):
        self.bytes += 100
        self.checked.set()


uploads = [Upload(name) for name in ("a", "bb", "ccc")]
with ThreadPoolExecutor(2) as pool:
    for upload in uploads:
        pool.submit(upload.send).add_done_callback(upload.check)
    for upload in uploads:
        upload.checked.wait()
        upload.bytes += 1000
print([upload.bytes for upload in uploads])


def answer(future, order):
    order.bytes = 7
    future.set_result(order)


late, order, seen = Future(), Upload("late"), []
thread = threading.Thread(target=answer, args=(late, order))
thread.start()
late.result().bytes += 1
late.add_done_callback(lambda future: seen.append(future.result().bytes))
print(seen)
thread.join()
print("end")
