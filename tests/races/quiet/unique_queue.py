"""A subclass of Queue keeps a set of what was put; its _put() runs under the queue's lock."""

import queue
import threading


class UniqueQueue(queue.Queue):
    def _init(self, maxsize):
        super()._init(maxsize)
        self.known = set()
        self.refused = 0

    def _put(self, item):
        if item in self.known:
            self.refused += 1
        else:
            self.known.add(item)
            super()._put(item)


def put(urls, names):
    for name in names:
        urls.put(name)


urls = UniqueQueue()
threads = [
    threading.Thread(target=put, args=(urls, ["/a", "/b"])),
    threading.Thread(target=put, args=(urls, ["/b", "/a", "/c"])),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(urls.get_nowait() for _ in range(3)), urls.refused)
print("end")
