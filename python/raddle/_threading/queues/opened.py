"""Queues whose insides a program uses: what subclasses and `with q.mutex:` rely on.

A queue of raddle's keeps its items in Rust until a program reaches for `mutex`, one of the
conditions or `queue`, or has a class that overrides a hook (`_init`, `_qsize`, `_put`, `_get`).
From then on its methods are the functions below. They behave as such programs expect of the
standard library's queue: hooks run with `mutex` held, which is the lock of all
three conditions; `queue` is what the hooks make of it; the number of items is what `_qsize()`
says, asked again after every wait.
"""

import sys

from raddle._threading import state

OWN = None  # raddle.queue, which sets it

_NEGATIVE = (
    "'timeout' must be a non-negative number: leave it out to wait without a limit, or pass "
    "block=False not to wait at all"
)
_TOO_MANY = "task_done() called too many times: call it once for each item that get() returned"


def _names():
    """Return the module whose names count: it publishes the queues, see replaceable.rs.

    A program may have replaced its exceptions and its clock, so that each is looked up in it
    when it is used.
    """
    return sys.modules.get("queue", OWN) if state.installed() else OWN


def _wait(condition, must_wait, block, timeout, error):
    """Wait on the condition, whose lock is held, until `must_wait()` is false.

    Raises the exception of the name `error` when that takes longer than it may.
    """
    names = _names()
    if not block:
        if must_wait():
            raise getattr(names, error)
        return
    if timeout is None:
        while must_wait():
            condition.wait()
        return
    if timeout < 0:
        raise ValueError(_NEGATIVE)
    end = names.time() + timeout
    while must_wait():
        left = end - names.time()
        if left <= 0:
            raise getattr(names, error)
        condition.wait(left)


def put(queue, item, block, timeout):
    """Queue.put()."""

    def must_wait():
        if queue.is_shutdown:
            raise _names().ShutDown
        return queue._qsize() >= queue.maxsize

    with queue.not_full:
        if queue.is_shutdown:
            raise _names().ShutDown
        if queue.maxsize > 0:
            _wait(queue.not_full, must_wait, block, timeout, "Full")
        queue._put(item)
        queue.unfinished_tasks += 1
        queue.not_empty.notify()


def get(queue, block, timeout):
    """Queue.get()."""

    def must_wait():
        if queue._qsize():
            return False
        if queue.is_shutdown:
            raise _names().ShutDown
        return True

    with queue.not_empty:
        if queue.is_shutdown:
            must_wait()  # Before anything is said about the timeout.
        _wait(queue.not_empty, must_wait, block, timeout, "Empty")
        item = queue._get()
        queue.not_full.notify()
        return item


def task_done(queue):
    """Queue.task_done()."""
    with queue.all_tasks_done:
        if not queue.unfinished_tasks:
            raise ValueError(_TOO_MANY)
        queue.unfinished_tasks -= 1
        if not queue.unfinished_tasks:
            queue.all_tasks_done.notify_all()


def join(queue):
    """Queue.join()."""
    with queue.all_tasks_done:
        while queue.unfinished_tasks:
            queue.all_tasks_done.wait()


def tell_joiners(queue):
    """Wake those in join() if the last task was done while the queue was being opened."""
    with queue.all_tasks_done:
        if not queue.unfinished_tasks:
            queue.all_tasks_done.notify_all()


def qsize(queue):
    """Queue.qsize()."""
    with queue.mutex:
        return queue._qsize()


def empty(queue):
    """Queue.empty()."""
    with queue.mutex:
        return not queue._qsize()


def full(queue):
    """Queue.full()."""
    with queue.mutex:
        return 0 < queue.maxsize <= queue._qsize()


def shutdown(queue, immediate):
    """Queue.shutdown()."""
    with queue.mutex:
        queue.is_shutdown = True
        if immediate:
            while queue._qsize():
                queue._get()
                queue.unfinished_tasks = max(0, queue.unfinished_tasks - 1)
            queue.all_tasks_done.notify_all()
        queue.not_empty.notify_all()
        queue.not_full.notify_all()
