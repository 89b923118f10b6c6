"""Objects that go round a ring of queues, changed by each; Queue subclasses; PriorityQueue of
dataclasses; deque(maxlen)."""

import collections
import dataclasses
import queue
import threading


@dataclasses.dataclass(order=True)
class Job:
    priority: int
    name: str = dataclasses.field(compare=False)
    hops: list = dataclasses.field(default_factory=list, compare=False)
    left: int = dataclasses.field(default=6, compare=False)


class UniqueQueue(queue.Queue):
    def _init(self, maxsize):
        super()._init(maxsize)
        self.seen, self.refused = set(), 0

    def _put(self, item):
        if item.name in self.seen:
            self.refused += 1
            return
        self.seen.add(item.name)
        super()._put(item)

    def _get(self):
        item = super()._get()
        self.seen.discard(item.name)
        return item


class Logged(queue.PriorityQueue):
    puts = 0

    def put(self, item, *args, **kw):
        with self.mutex:
            self.puts += 1
        super().put(item, *args, **kw)


queues = [queue.Queue(), Logged(), UniqueQueue(), queue.SimpleQueue()]
done = queue.Queue()


def node(at):
    inbox, outbox = queues[at], queues[(at + 1) % 4]
    while True:
        job = inbox.get()
        if job.priority >= 1000:
            return
        job.hops.append(at)
        job.left -= 1
        if job.left == 0:
            done.put(job)
        else:
            job.priority += 1
            outbox.put(job)


ts = [threading.Thread(target=node, args=(n,)) for n in range(4)]
for t in ts:
    t.start()
for n in range(8):
    queues[0].put(Job(n, f"j{n}"))
out = [done.get() for _ in range(8)]
for q in queues:
    q.put(Job(1000, "stop"))
for t in ts:
    t.join()
print(all(len(j.hops) == 6 for j in out), queues[1].puts >= 8)
recent, lock = collections.deque(maxlen=4), threading.Lock()


def push(n):
    for at in range(10):
        recent.append([n, at])
        with lock:
            snapshot = list(recent)
        for each in snapshot:
            assert len(each) == 2


ts = [threading.Thread(target=push, args=(n,)) for n in range(2)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(len(recent))
print("end")
