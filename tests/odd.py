"""Odd arguments for every public method, and what comes of them: for test_arguments.py.

An operation is a function of (m, value), where m has the names of `threading`, `queue` and
`concurrent.futures`, raddle's or the standard library's. None waits longer than some
milliseconds.
"""

import contextlib
import re
import types
from decimal import Decimal
from fractions import Fraction


class Whole(int):
    """A subclass of int."""


class Real(float):
    """A subclass of float."""


class Index:
    """A number for `operator.index` alone."""

    def __init__(self, number):
        self.number = number

    def __index__(self):
        return self.number


class Sized:
    """No number; false, as an empty container is."""

    def __len__(self):
        return 0


HUGE = 10**30

# What a method is given in the place of a number, by what the tests call it.
VALUES = {
    "None": None,
    "True": True,
    "False": False,
    "0": 0,
    "1": 1,
    "-1": -1,
    "-2": -2,
    "huge": HUGE,
    "-huge": -HUGE,
    "10**400": 10**400,
    "2**63": 2**63,
    "0.001": 0.001,
    "-0.001": -0.001,
    "1.5": 1.5,
    "2.0": 2.0,
    "nan": float("nan"),
    "inf": float("inf"),
    "-inf": float("-inf"),
    "1e20": 1e20,
    "str": "x",
    "list": [],
    "Sized()": Sized(),
    "complex": 1j,
    "Decimal('0.001')": Decimal("0.001"),
    "Decimal(-1)": Decimal(-1),
    "Decimal('NaN')": Decimal("NaN"),
    "Fraction(1, 1000)": Fraction(1, 1000),
    "Fraction(-1)": Fraction(-1),
    "Whole(0)": Whole(0),
    "Whole(-1)": Whole(-1),
    "Real(0.001)": Real(0.001),
    "Real(-1)": Real(-1),
    "Index(0)": Index(0),
    "Index(1)": Index(1),
    "ValueError": ValueError,
    "ValueError()": ValueError("mine"),
}

# Those for which a wait would be too long for a test, or has no end.
LONG = {"None", "True", "1", "1.5", "2.0", "Index(1)"}
# The standard library's loops look at its clock again and again, and NaN has never passed.
NEVER_PASSES = {"nan", "Decimal('NaN')"}

# A lock's way to say that there is no timeout.
ENDLESS = {"-1", "Whole(-1)", "Real(-1)"}

OPERATIONS = {}
SKIPPED = {}


def operation(*skipped):
    """Register an operation, which is not tried with the values named in the sets."""

    def register(function):
        name = function.__name__
        OPERATIONS[name] = function
        SKIPPED[name] = set().union(*skipped)
        return function

    return register


def held(m):
    lock = m.Lock()
    lock.acquire()
    return lock


def condition(m):
    made = m.Condition(m.Lock())
    made.acquire()
    return made


def done(m, result=7):
    future = m.Future()
    future.set_result(result)
    return future


def full(m):
    queue = m.Queue(1)
    queue.put("first")
    return queue


def filled(m, kind="Queue"):
    queue = getattr(m, kind)()
    queue.put("first")
    return queue


# Timeouts of what has to wait.


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


@operation()
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


# Queues.


def of_queue(kind):
    @operation(LONG, NEVER_PASSES)
    def get_timeout(m, value):
        return getattr(m, kind)().get(timeout=value)

    @operation(LONG, NEVER_PASSES)
    def put_timeout(m, value):
        queue = getattr(m, kind)(1)
        queue.put("first")
        return queue.put("second", timeout=value)

    @operation()
    def get_timeout_filled(m, value):
        return filled(m, kind).get(timeout=value)

    @operation()
    def get_timeout_without_blocking(m, value):
        return getattr(m, kind)().get(False, value)

    @operation()
    def put_timeout_with_room(m, value):
        queue = getattr(m, kind)(2)
        queue.put("first")
        return queue.put("second", timeout=value)

    @operation()
    def put_timeout_without_limit(m, value):
        return getattr(m, kind)().put("first", timeout=value)

    @operation()
    def get_block(m, value):
        return filled(m, kind).get(value)

    @operation()
    def put_block(m, value):
        return getattr(m, kind)().put("first", value)

    @operation()
    def maxsize(m, value):
        queue = getattr(m, kind)(value)
        return queue.maxsize, queue.full()

    @operation({"None", "str", "list", "Sized()", "complex", "ValueError", "ValueError()"})
    def maxsize_reached(m, value):
        queue = getattr(m, kind)(value)
        queue.put("first")
        return queue.full()

    return [
        get_timeout,
        put_timeout,
        get_timeout_filled,
        get_timeout_without_blocking,
        put_timeout_with_room,
        put_timeout_without_limit,
        get_block,
        put_block,
        maxsize,
        maxsize_reached,
    ]


def register_queues():
    for kind in ("Queue", "LifoQueue", "PriorityQueue"):
        for each in of_queue(kind):
            name = f"{kind}.{each.__name__}"
            OPERATIONS[name] = OPERATIONS.pop(each.__name__)
            SKIPPED[name] = SKIPPED.pop(each.__name__)


register_queues()


@operation()
def queue_shutdown(m, value):
    queue = filled(m)
    return queue.shutdown(value), queue.qsize()


@operation()
def queue_set_maxsize(m, value):
    queue = filled(m)
    queue.maxsize = value
    return queue.maxsize


@operation()
def queue_set_unfinished_tasks(m, value):
    queue = filled(m)
    queue.unfinished_tasks = value
    return queue.unfinished_tasks


@operation(LONG)
def simple_queue_timeout(m, value):
    return m.SimpleQueue().get(timeout=value)


@operation()
def simple_queue_timeout_filled(m, value):
    return filled(m, "SimpleQueue").get(timeout=value)


@operation()
def simple_queue_timeout_without_blocking(m, value):
    return m.SimpleQueue().get(False, value)


@operation()
def simple_queue_block(m, value):
    return filled(m, "SimpleQueue").get(value)


@operation()
def simple_queue_put_options(m, value):
    return m.SimpleQueue().put(1, value, value)


# Futures.


@operation(LONG)
def future_result(m, value):
    return m.Future().result(value)


@operation()
def future_result_done(m, value):
    return done(m).result(value)


@operation(LONG)
def future_exception(m, value):
    return m.Future().exception(value)


@operation()
def future_set_result(m, value):
    return done(m, value).result()


@operation()
def future_set_exception(m, value):
    future = m.Future()
    future.set_exception(value)
    return future.exception()


@operation()
def future_raises(m, value):
    future = m.Future()
    future.set_exception(value)
    return future.result()


@operation()
def future_callback(m, value):
    future = m.Future()
    return future.add_done_callback(value), future._done_callbacks


@operation(LONG)
def wait_timeout(m, value):
    return tuple(map(len, m.wait([m.Future()], value)))


@operation()
def wait_timeout_done(m, value):
    return tuple(map(len, m.wait([done(m)], value)))


@operation()
def wait_return_when(m, value):
    return tuple(map(len, m.wait([m.Future()], 0, value)))


@operation()
def wait_return_when_done(m, value):
    return tuple(map(len, m.wait([done(m)], 0, value)))


@operation()
def wait_futures(m, value):
    return tuple(map(len, m.wait(value, 0)))


@operation()
def wait_one_of(m, value):
    return tuple(map(len, m.wait([value], 0)))


@operation(LONG, NEVER_PASSES)
def as_completed_timeout(m, value):
    return len(list(m.as_completed([m.Future()], value)))


@operation(NEVER_PASSES)
def as_completed_timeout_done(m, value):
    return len(list(m.as_completed([done(m)], value)))


@operation()
def as_completed_futures(m, value):
    return list(m.as_completed(value, 0))


@operation({"nan"})  # With NaN workers, nobody ever makes the call.
def executor_workers(m, value):
    with m.ThreadPoolExecutor(value) as pool:
        return pool.submit(int).result()


@operation()
def executor_prefix(m, value):
    with m.ThreadPoolExecutor(1, value) as pool:
        return pool.submit(lambda: type(m.current_thread().name)).result()


@operation({"ValueError"})
def executor_initializer(m, value):
    m.ThreadPoolExecutor(1, initializer=value).shutdown()


@operation()
def executor_initargs(m, value):
    m.ThreadPoolExecutor(1, initializer=int, initargs=value).shutdown()


@operation({"ValueError"})
def executor_submit(m, value):
    with m.ThreadPoolExecutor(1) as pool:
        return pool.submit(value).result()


@operation({"0", "False", "Whole(0)", "Index(0)"}, LONG - {"None"}, NEVER_PASSES)
def executor_map_timeout(m, value):
    with m.ThreadPoolExecutor(1) as pool:
        return list(pool.map(int, [], timeout=value))


@operation()
def executor_map_inputs(m, value):
    with m.ThreadPoolExecutor(1) as pool:
        return list(pool.map(str, value))


@operation()
def executor_map_chunksize(m, value):
    with m.ThreadPoolExecutor(1) as pool:
        return list(pool.map(str, [1], chunksize=value))


@operation()
def executor_shutdown(m, value):
    pool = m.ThreadPoolExecutor(1)
    pool.submit(int).result()
    return pool.shutdown(value)


def modules(*parts):
    """Return the names of several modules as one."""
    names = types.SimpleNamespace()
    for part in parts:
        vars(names).update(part)
    return names


def _text(value):
    """Return what is shown of a result: equal ones of other types are told apart."""
    return re.sub(r" at 0x\w+", "", repr(value))


def outcome(m, call, value):
    """Return ("returned", text) or ("raised", type, message)."""
    with contextlib.redirect_stderr(None):
        try:
            return "returned", _text(call(m, value))
        except Exception as error:
            return "raised", type(error).__name__, _text(str(error))[1:-1]


_NO_INTEGER = "object cannot be interpreted as an integer"


def agree(ours, theirs):
    """Return whether two outcomes are the same but for what a message says at its end."""
    if ours[0] == theirs[0] == "raised":
        if theirs[1] == "OverflowError":
            return ours[1] == theirs[1]  # Its words change from one patch release to the next.
        if all(_NO_INTEGER in each[2] for each in (ours, theirs)):
            return ours[1] == theirs[1]  # Likewise.
        return ours[1] == theirs[1] and ours[2].startswith(theirs[2])
    return ours == theirs
