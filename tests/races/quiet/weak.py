"""Objects are interned in weak dictionaries under a lock; each has a lock of its own or is used
by its maker first."""

import gc
import threading
import weakref


class Node:
    def __init__(self, key):
        self.key = key
        self.loaded = False
        self.data = None
        self.users = 0
        self.lock = threading.Lock()

    def load(self):
        self.data = {"key": self.key, "n": 0}
        self.loaded = True


class Registry:
    def __init__(self):
        self._lock = threading.Lock()
        self._nodes = weakref.WeakValueDictionary()
        self._names = weakref.WeakKeyDictionary()
        self._all = weakref.WeakSet()
        self.made = 0

    def get(self, key):
        with self._lock:
            node = self._nodes.get(key)
            if node is None:
                node = Node(key)
                node.load()
                self._nodes[key] = node
                self._names[node] = f"node {key}"
                self._all.add(node)
                self.made += 1
        return node

    def name(self, node):
        with self._lock:
            return self._names[node]

    def count(self):
        with self._lock:
            return len(self._all)


registry = Registry()


def work(n):
    kept = []
    for at in range(20):
        node = registry.get((n + at) % 6)
        assert node.loaded and node.data["key"] == node.key
        with node.lock:
            node.users += 1
            node.data["n"] += 1
        assert registry.name(node) == f"node {node.key}"
        if at % 4 == 0:
            kept.append(node)
        if at % 7 == 0:
            kept.clear()
    registry.count()


threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
gc.collect()
print(registry.made >= 6, registry.count())
print("end")
