"""A queue whose conditions share one lock, and a callback that asks it for its length."""

import threading


class Jobs:
    def __init__(self, full):
        self._mutex = threading.Lock()
        self._not_empty = threading.Condition(self._mutex)
        self._jobs, self._full = [], full

    def put(self, job):
        with self._not_empty:
            self._jobs.append(job)
            self._not_empty.notify()
            if len(self._jobs) > 2:
                self._full(self)

    def size(self):
        with self._mutex:
            return len(self._jobs)


class Log:
    def __init__(self):
        self._changed = threading.Condition()
        self.ready = threading.Barrier(2)

    def add(self, jobs):
        with self._changed:
            self.ready.wait()
            jobs.put("log")

    def full(self, jobs):
        self.ready.wait()
        with self._changed:
            print("full")


log = Log()
jobs = Jobs(log.full)
jobs.put(1)
jobs.put(2)
threading.Thread(target=jobs.put, args=[3], name="worker").start()
threading.Thread(target=log.add, args=[jobs], name="logger").start()
