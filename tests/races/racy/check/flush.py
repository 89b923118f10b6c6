"""A buffer is emptied when it is full, by whoever sees that. Two can write it out."""

# race: check Buffer.size
# also: update Buffer.size

import queue
import threading


class Buffer:
    def __init__(self):
        self.out = queue.Queue()
        self.size = 8

    def flush(self):
        if self.size >= 8:  # racing
            self.out.put("flush")
            self.size = 0  # racing


buffer = Buffer()
threads = [threading.Thread(target=buffer.flush) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(buffer.out.get(), buffer.size)
print("end")
