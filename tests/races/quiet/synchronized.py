"""A decorator takes the object's lock around every method, properties too."""

import functools
import threading


def synchronized(method):
    @functools.wraps(method)
    def wrapper(self, *args):
        with self.lock:
            return method(self, *args)

    return wrapper


class Stack:
    def __init__(self):
        self.lock = threading.RLock()
        self._items = []
        self._pushes = 0

    @property
    @synchronized
    def size(self):
        return len(self._items)

    @synchronized
    def push(self, item):
        if self.size < 3:
            self._items.append(item)
            self._pushes = self._pushes + 1

    @synchronized
    def show(self):
        return [item for item in self._items if item]


stack = Stack()
threads = [threading.Thread(target=stack.push, args=("x",)) for _ in range(4)]
for thread in threads:
    thread.start()
print(stack.size <= 3, len(stack.show()) <= 3)
for thread in threads:
    thread.join()
print(stack.show(), stack._pushes)
print("end")
