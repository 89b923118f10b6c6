"""A mailbox of one place, an exchanger, a blocking list and a future of a condition; the
objects are changed afterwards."""

import threading


class Message:
    def __init__(self, text):
        self.text, self.read, self.replies = text, False, []


class Mailbox:
    def __init__(self):
        self.lock = threading.Lock()
        self.full, self.empty = threading.Condition(self.lock), threading.Condition(self.lock)
        self.item = None
        self.has = False

    def put(self, item):
        with self.empty:
            while self.has:
                self.empty.wait()
            self.item, self.has = item, True
            self.full.notify()

    def get(self):
        with self.full:
            while not self.has:
                self.full.wait()
            item, self.item, self.has = self.item, None, False
            self.empty.notify()
            return item


class Exchanger:
    def __init__(self):
        self.cond, self.slot, self.back, self.state = threading.Condition(), None, None, 0

    def exchange(self, mine):
        with self.cond:
            while self.state == 2:
                self.cond.wait()
            if self.state == 0:
                self.slot, self.state = mine, 1
                while self.state != 2:
                    self.cond.wait()
                theirs, self.back, self.state = self.back, None, 0
                self.cond.notify_all()
                return theirs
            theirs, self.slot = self.slot, None
            self.back, self.state = mine, 2
            self.cond.notify_all()
            return theirs


class Ring:
    """A bounded buffer in a list with indexes."""

    def __init__(self, size):
        self.items, self.head, self.count = [None] * size, 0, 0
        self.cond = threading.Condition()

    def put(self, item):
        with self.cond:
            self.cond.wait_for(lambda: self.count < len(self.items))
            self.items[(self.head + self.count) % len(self.items)] = item
            self.count += 1
            self.cond.notify_all()

    def get(self):
        with self.cond:
            self.cond.wait_for(lambda: self.count > 0)
            item = self.items[self.head]
            self.items[self.head] = None
            self.head = (self.head + 1) % len(self.items)
            self.count -= 1
            self.cond.notify_all()
            return item


boxes = [Mailbox(), Ring(2)]


def send(n):
    for at in range(8):
        for box in boxes:
            m = Message(f"{n}{at}")
            m.text += "!"
            box.put(m)


def receive(out):
    for at in range(8):
        for box in boxes:
            m = box.get()
            m.read = True
            m.text = m.text.lower()
            m.replies.append(at)
            out.append(m)


out = []
ts = [threading.Thread(target=send, args=(n,)) for n in range(2)] + [
    threading.Thread(target=receive, args=(out,)) for _ in range(2)
]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(len(out), all(m.read for m in out))
ex = Exchanger()


def swap(n, got):
    mine = Message(f"{n}")
    for at in range(6):
        mine.replies.append(n)
        mine.text += f"{at}"
        mine = ex.exchange(mine)
    got.append(mine)


got = []
ts = [threading.Thread(target=swap, args=(n, got)) for n in range(2)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(sorted(len(m.replies) for m in got))
print("end")
