"""Threads of this process: nothing to start, nothing to send.

They are daemons. As in the standard library, exit waits for what was submitted to a Pool. It
does not wait for the tasks of a map, whose results cannot be taken any more.
"""

from contextvars import copy_context

from raddle._map.backends import at_exit
from raddle._map.backends.base import Backend, Job, Reply
from raddle._map.backends.interrupt import Stopped
from raddle._map.backends.thread_workers import Workers, current


class Threads(Backend):
    """Threads of this process."""

    name = "threads"

    def __init__(self, workers, initializer=None, initargs=()):
        super().__init__()
        self.workers = workers
        self.threads = Workers(workers, initializer, initargs)
        at_exit.watch(self, "threads")

    def belong(self, pool):
        self.threads.belong(pool)

    def is_here(self):
        """Return whether the caller is one of these threads, which must not wait for others."""
        return current() is self.threads

    def submit(self, fn, args, kwargs):
        return self.threads.submit(fn, *args, **kwargs)

    def job(self, fn):
        return ThreadJob(self.threads, fn)

    def shutdown(self, wait=True, cancel=False):
        self.threads.shutdown(wait, cancel_futures=cancel)

    def abort(self, wait=True):
        self.threads.abort()

    def at_exit(self):
        if self.lasting:
            self.threads.shutdown(exiting=True)
        else:
            self.abort()


class ThreadJob(Job):
    """A map that a task makes on its own pool, where the thread that waits has to help."""

    def __init__(self, threads, fn):
        self._threads, self._fn = threads, fn
        self._context = copy_context()  # Each call is made in a copy.
        self._last = None  # index after which nothing is begun any more
        self.nested = current() is threads
        self._timer = threads.timer()
        self.timed = not self.nested

    def send(self, message, done):
        message.future = self._threads.give(self, self._run, (message,), late=True)
        message.future.add_done_callback(lambda _: done(message))

    def _run(self, message):
        # Called in a worker; what it returns is the message's outcomes.
        if self._last is not None and message.first > self._last:
            return []
        try:
            return [(None, self._context.copy().run(self._fn, *message.inputs[0]))]
        except Stopped:
            raise  # not the task's
        except BaseException as error:
            return [(error, None)]

    def help(self, message):
        if not message.future.cancel():
            return False
        message.done = self._run(message)
        return True

    def read(self, message):
        if message.done is not None:
            return Reply(message.done)
        return Reply(message.future.result())

    def forget(self, first):
        self._last = first if self._last is None else min(self._last, first)

    def interrupt(self):
        self._threads.interrupt(self)

    def clocks(self):
        return self._timer.read()
