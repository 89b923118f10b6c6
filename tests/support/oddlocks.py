"""Odd arguments of the primitives and of threads, see odd.py."""

import re
import sys

from odd import ENDLESS, LONG, NEVER_PASSES, operation


def held(m):
    lock = m.Lock()
    lock.acquire()
    return lock


def condition(m):
    made = m.Condition(m.Lock())
    made.acquire()
    return made


@operation(LONG - {"None"}, ENDLESS)
def lock_timeout_held(m, value):
    return held(m).acquire(timeout=value)


@operation(LONG - {"None"}, ENDLESS)
def lock_blocking_and_timeout_held(m, value):
    return held(m).acquire(True, value)


@operation()
def lock_timeout_free(m, value):
    return m.Lock().acquire(timeout=value)


@operation()
def lock_timeout_without_blocking(m, value):
    return m.Lock().acquire(False, value)


@operation()
def lock_blocking(m, value):
    return m.Lock().acquire(value)


@operation()
def rlock_timeout(m, value):
    return m.RLock().acquire(timeout=value)


@operation()
def rlock_blocking(m, value):
    return m.RLock().acquire(value)


@operation()
def rlock_timeout_without_blocking(m, value):
    return m.RLock().acquire(False, value)


@operation(LONG)
def event_unset(m, value):
    return m.Event().wait(value)


@operation()
def event_set(m, value):
    event = m.Event()
    event.set()
    return event.wait(value)


@operation(LONG)
def condition_wait(m, value):
    return condition(m).wait(value)


@operation()
def condition_wait_without_lock(m, value):
    return m.Condition().wait(value)


@operation(LONG, NEVER_PASSES)
def condition_wait_for_false(m, value):
    return condition(m).wait_for(lambda: False, value)


@operation()
def condition_wait_for_true(m, value):
    return condition(m).wait_for(lambda: True, value)


@operation({"str"})
def condition_wait_for_predicate(m, value):
    return condition(m).wait_for(value, 0)


@operation()
def condition_wait_for_answer(m, value):
    return condition(m).wait_for(lambda: value, 0)


@operation()
def condition_notify_nobody(m, value):
    return condition(m).notify(value)


@operation()
def condition_notify_without_lock(m, value):
    return m.Condition().notify(value)


@operation()
def condition_notify_two(m, value):
    made, there, woken = m.Condition(), m.Semaphore(0), []

    def waiter():
        with made:
            there.release()
            made.wait()
            woken.append(1)

    threads = [m.Thread(target=waiter, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in threads:
        there.acquire()
    try:
        with made:
            answer = made.notify(value)
            count = 2 - len(made._waiters)
    finally:
        with made:
            made.notify_all()
        for thread in threads:
            thread.join()
    return answer, count


@operation()
def condition_on(m, value):
    return type(m.Condition(value)).__name__


@operation(LONG, NEVER_PASSES)
def semaphore_timeout(m, value):
    return m.Semaphore(0).acquire(timeout=value)


@operation()
def semaphore_timeout_free(m, value):
    return m.Semaphore(1).acquire(timeout=value)


@operation()
def semaphore_timeout_without_blocking(m, value):
    return m.Semaphore(1).acquire(False, value)


@operation()
def semaphore_blocking(m, value):
    return m.Semaphore(1).acquire(value)


@operation()
def semaphore_value(m, value):
    return m.Semaphore(value)._value


@operation()
def bounded_semaphore_value(m, value):
    return m.BoundedSemaphore(value)._value


# (3.11 counts to the number that it is given.)
@operation({"huge", "10**400", "2**63"} if sys.version_info < (3, 12) else ())
def semaphore_release(m, value):
    semaphore = m.Semaphore(0)
    return semaphore.release(value), semaphore._value


@operation()
def bounded_semaphore_release(m, value):
    semaphore = m.BoundedSemaphore(2)
    semaphore.acquire()
    return semaphore.release(value), semaphore._value


@operation(LONG, NEVER_PASSES)
def barrier_timeout(m, value):
    return m.Barrier(2).wait(value)


@operation(LONG, NEVER_PASSES)
def barrier_default_timeout(m, value):
    return m.Barrier(2, timeout=value).wait()


@operation()
def barrier_timeout_of_the_last(m, value):
    return m.Barrier(1).wait(value)


@operation()
def barrier_parties(m, value):
    return m.Barrier(value).parties


@operation()
def barrier_action(m, value):
    return m.Barrier(1, action=value).wait()


@operation(LONG)
def thread_join_running(m, value):
    event = m.Event()
    thread = m.Thread(target=event.wait, daemon=True)
    thread.start()
    try:
        return thread.join(value), thread.is_alive()
    finally:
        event.set()
        thread.join()


@operation()
def thread_join_ended(m, value):
    thread = m.Thread(target=int)
    thread.start()
    thread.join()
    return thread.join(value)


@operation()
def thread_name(m, value):
    thread = m.Thread(target=int, name=value)
    return thread.name if value else re.sub(r"\d+", "N", thread.name)


@operation()
def thread_set_name(m, value):
    thread = m.Thread(target=int, name="before")
    thread.name = value
    return thread.name


@operation()
def thread_daemon(m, value):
    return m.Thread(target=int, daemon=value).daemon


@operation()
def thread_set_daemon(m, value):
    thread = m.Thread(target=int)
    thread.daemon = value
    return thread.daemon


@operation()
def thread_group(m, value):
    return m.Thread(value).daemon


@operation({"ValueError", "ValueError()"})
def thread_target(m, value):
    return m.Thread(target=value) is not None


@operation()
def thread_kwargs(m, value):
    return m.Thread(target=int, kwargs=value)._kwargs


@operation()
def timer_interval(m, value):
    return m.Timer(value, int).interval


@operation()
def stack_size(m, value):
    try:
        return m.stack_size(value)
    finally:
        m.stack_size(0)


@operation()
def excepthook_arguments(m, value):
    return m.ExceptHookArgs(value)
