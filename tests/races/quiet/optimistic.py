"""Copy under the lock, change outside, compare and store under it; swap of dict generations;
heapq.merge; reversed."""

import heapq
import threading


class Doc:
    def __init__(self):
        self.lock, self.text, self.version, self.undo, self.marks = (
            threading.Lock(),
            [],
            0,
            [],
            {},
        )

    def edit(self, f):
        while True:
            with self.lock:
                text, version = list(self.text), self.version
            f(text)
            with self.lock:
                if self.version != version:
                    continue
                self.undo.append(self.text)
                self.text, self.version = text, version + 1
                return version

    def back(self):
        with self.lock:
            if self.undo:
                self.text = self.undo.pop()
                self.version += 1

    def read(self):
        with self.lock:
            text = self.text
        return "".join(text), [c for c in reversed(text)]

    def mark(self, k, v):
        with self.lock:
            self.marks = {**self.marks, k: v}

    def all_marks(self):
        with self.lock:
            marks = self.marks
        yield from marks.items()


d = Doc()


def work(n):
    for at in range(10):
        d.edit(lambda text: text.append(f"{n}"))
        d.read()
        if at % 4 == 0:
            d.back()
        d.mark(at, n)
        list(heapq.merge(sorted(k for k, _ in d.all_marks()), [1, 2]))


ts = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(d.version, len(d.marks))
print("end")
