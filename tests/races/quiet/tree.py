"""A tree with a lock per node (hand over hand), a linked list with hand-over-hand, and a trie
with one lock."""

import threading


class Node:
    __slots__ = ("key", "left", "lock", "right", "value")

    def __init__(self, key, value):
        self.key, self.value, self.left, self.right, self.lock = (
            key,
            value,
            None,
            None,
            threading.Lock(),
        )


class Tree:
    def __init__(self):
        self.root, self.lock, self.size = None, threading.Lock(), 0

    def put(self, key, value):
        self.lock.acquire()
        if self.root is None:
            self.root = Node(key, value)
            self.size += 1
            self.lock.release()
            return
        node = self.root
        node.lock.acquire()
        self.lock.release()
        while True:
            if key == node.key:
                node.value = value
                node.lock.release()
                return
            side = "left" if key < node.key else "right"
            child = node.left if key < node.key else node.right
            if child is None:
                new = Node(key, value)
                if side == "left":
                    node.left = new
                else:
                    node.right = new
                node.lock.release()
                with self.lock:
                    self.size += 1
                return
            child.lock.acquire()
            node.lock.release()
            node = child

    def get(self, key):
        with self.lock:
            node = self.root
            if node is None:
                return None
            node.lock.acquire()
        while True:
            if node.key == key:
                value = node.value
                node.lock.release()
                return value
            child = node.left if key < node.key else node.right
            if child is None:
                node.lock.release()
                return None
            child.lock.acquire()
            node.lock.release()
            node = child


class Link:
    def __init__(self, value, next=None):
        self.value, self.next, self.lock = value, next, threading.Lock()


class Sorted:
    def __init__(self):
        self.head = Link(-1, Link(10**9))

    def add(self, value):
        before = self.head
        before.lock.acquire()
        at = before.next
        at.lock.acquire()
        try:
            while at.value < value:
                before.lock.release()
                before, at = at, at.next
                at.lock.acquire()
            if at.value == value:
                return False
            before.next = Link(value, at)
            return True
        finally:
            before.lock.release()
            at.lock.release()

    def remove(self, value):
        before = self.head
        before.lock.acquire()
        at = before.next
        at.lock.acquire()
        try:
            while at.value < value:
                before.lock.release()
                before, at = at, at.next
                at.lock.acquire()
            if at.value != value:
                return False
            before.next = at.next
            return True
        finally:
            before.lock.release()
            at.lock.release()

    def values(self):
        out, at = [], self.head.next
        while at.next is not None:
            out.append(at.value)
            at = at.next
        return out


tree, links = Tree(), Sorted()


def work(n):
    for at in range(15):
        tree.put((at * 7 + n) % 13, f"{n}")
        tree.get(at % 13)
        links.add((at * 5 + n) % 11)
        if at % 3 == 0:
            links.remove((at + n) % 11)


ts = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(tree.size, links.values() == sorted(links.values()))
print("end")
