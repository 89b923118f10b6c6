"""Objects are handed over in containers of the standard library, under a lock."""

import collections
import threading
import types


class Job:
    def __init__(self, n):
        self.n, self.state, self.tries = n, "new", 0


class Box:
    def __init__(self, store):
        self.cond = threading.Condition()
        self.store = store

    def put(self, job):
        with self.cond:
            if isinstance(self.store, collections.UserList):
                self.store.append(job)
            elif isinstance(self.store, types.SimpleNamespace):
                self.store.jobs = (*self.store.jobs, job)
            else:
                self.store[job.n] = job
            self.cond.notify()

    def get(self):
        with self.cond:
            self.cond.wait_for(self.any)
            if isinstance(self.store, collections.UserList):
                return self.store.pop()
            if isinstance(self.store, types.SimpleNamespace):
                *self.store.jobs, job = self.store.jobs
                return job
            return self.store.popitem()[1]

    def any(self):
        if isinstance(self.store, types.SimpleNamespace):
            return bool(self.store.jobs)
        return len(self.store) > 0


boxes = [
    Box(collections.UserList()),
    Box(collections.UserDict()),
    Box(collections.ChainMap({}, {})),
    Box(types.SimpleNamespace(jobs=())),
]


def make():
    for n in range(10):
        for box in boxes:
            job = Job(n)
            job.state = "made"
            box.put(job)


def use(out):
    for _n in range(10):
        for box in boxes:
            job = box.get()
            assert job.state == "made"
            job.state = "used"
            job.tries += 1
            out.append(job)


out = []
threads = [threading.Thread(target=make), threading.Thread(target=use, args=(out,))]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(out))
print("end")
