"""Odd arguments of every public method: the standard library's answer, or a listed one.

docs/differences.md says each kind of difference in words; here are the operations and values
for which there is one. One that is not listed fails, and so does a listed one that is gone.
"""

import logging
import queue as _queue
import sys
import threading as _threading

import odd
import oddfutures  # noqa: F401  It registers operations, as the next two do.
import oddlocks
import oddqueues
import pytest
from conftest import STOCK, STOCK_FUTURES, SUBJECT

pytestmark = [
    pytest.mark.raddle_only,
    pytest.mark.skipif(
        SUBJECT == "installed", reason="the standard library's classes use raddle's then"
    ),
    pytest.mark.filterwarnings("ignore:Passing arguments to RLock:DeprecationWarning"),
]

STOCK_QUEUE = dict(vars(_queue))

# Numbers of things that can be counted are whole numbers, and come back as such.
FRACTIONS = {"0.001", "1.5", "nan", "Decimal('0.001')", "Fraction(1, 1000)", "Real(0.001)"}
HUGE = {"huge", "10**400", "2**63", "1e20"}
OTHER_TYPES = {"True", "2.0", "inf"}
PERMITS = FRACTIONS | HUGE | OTHER_TYPES | {"False"}
# A barrier's last thread reads its timeout, too.
NO_TIMEOUTS = {
    *("huge", "10**400", "2**63", "1e20", "inf", "str", "list", "Sized()", "complex"),
    *("Decimal('0.001')", "Decimal(-1)", "Decimal('NaN')", "Fraction(1, 1000)"),
    *("Index(0)", "Index(1)", "ValueError", "ValueError()"),
}
# A queue that cannot work is not made.
NO_SIZES = {
    *("None", "str", "list", "Sized()", "complex", "Index(0)", "Index(1)"),
    *("ValueError", "ValueError()"),
}

DIFFERENT = {
    "semaphore_value": PERMITS,
    "bounded_semaphore_value": PERMITS,
    "semaphore_release": HUGE | {"1.5", "2.0", "nan", "inf"},
    "bounded_semaphore_release": {"1.5", "nan"},
    "barrier_parties": HUGE - {"2**63"} | {"True", "1.5", "2.0", "nan", "inf"},
    "barrier_timeout_of_the_last": NO_TIMEOUTS,
    # A target that cannot be called is refused by the constructor.
    "thread_target": set(odd.VALUES) - {"None", "ValueError", "ValueError()"},
    "Queue.maxsize": NO_SIZES,
    "Queue.maxsize_reached": {"Index(0)", "Index(1)"},
    "queue_set_maxsize": NO_SIZES | {"Decimal('NaN')"},
    # A whole number that is not below zero.
    "queue_set_unfinished_tasks": set(odd.VALUES) - {"0", "1", "2**63", "Whole(0)"},
    # What is false is raised as any other exception.
    "future_raises": {"False", "0", "list", "Sized()", "Whole(0)"},
}
if sys.version_info < (3, 12):
    # There, the loop that wakes as many threads takes whole numbers only.
    DIFFERENT["semaphore_release"] = {"1e20", "2.0", "inf"}
    DIFFERENT["bounded_semaphore_release"] = {"1.5"}
if sys.version_info >= (3, 15):
    NO_TIMEOUTS -= {"Fraction(1, 1000)"}  # It is one there.
if odd.outcome(STOCK, lambda m, parties: m.Barrier(parties).parties, 0)[0] == "returned":
    # This version makes barriers that never open.
    DIFFERENT["barrier_parties"] = set(odd.VALUES) - {"1", "2**63"}
NAN = float("nan")
NAN_IS_REFUSED = odd.outcome(STOCK, lambda m, nan: m.Event().wait(nan), NAN)[0] == "raised"
if NAN_IS_REFUSED:  # From 3.14.10 and 3.15.2 on.
    DIFFERENT["barrier_timeout_of_the_last"] = NO_TIMEOUTS | {"nan"}
if odd.outcome(STOCK_FUTURES, odd.OPERATIONS["future_raises"], 0)[0] == "raised":
    del DIFFERENT["future_raises"]  # This version's futures do the same.
for kind in ("LifoQueue", "PriorityQueue"):
    for operation in ("maxsize", "maxsize_reached"):
        DIFFERENT[f"{kind}.{operation}"] = DIFFERENT[f"Queue.{operation}"]


@pytest.fixture(scope="module")
def ours(threading, queue, futures):
    names = {name: getattr(futures, name) for name in vars(STOCK_FUTURES)}
    return odd.modules(vars(STOCK), vars(threading), vars(queue), names)


@pytest.fixture(scope="module")
def theirs():
    return odd.modules(vars(STOCK), STOCK_QUEUE, vars(STOCK_FUTURES))


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """Threads and executors fail here on purpose."""
    monkeypatch.setattr(_threading, "excepthook", lambda args: None)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("operation", odd.OPERATIONS)
def test_odd_arguments_have_the_standard_librarys_answer(operation, ours, theirs):
    if operation == "queue_shutdown" and not hasattr(theirs.Queue, "shutdown"):
        pytest.skip("this version's queue cannot be shut down")
    call = odd.OPERATIONS[operation]
    different = {}
    for label, value in odd.VALUES.items():
        if label in odd.SKIPPED[operation]:
            continue
        mine, stock = odd.outcome(ours, call, value), odd.outcome(theirs, call, value)
        if not odd.agree(mine, stock):
            different[label] = f"raddle: {mine}, the stdlib: {stock}"
    listed = DIFFERENT.get(operation, set())
    unlisted = {label: text for label, text in different.items() if label not in listed}
    assert not unlisted, "differences that are not listed"
    assert set(different) == listed, "listed differences that are gone"


REFUSED = ("raised", "ValueError", "Invalid value NaN")


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda m: oddlocks.condition(m).wait_for(lambda: False, NAN), ("returned", "False")),
        (lambda m: m.Semaphore(0).acquire(timeout=NAN), ("returned", "False")),
        (lambda m: m.Barrier(2).wait(NAN), ("raised", "BrokenBarrierError", "")),
        (lambda m: m.Queue().get(timeout=NAN), REFUSED),
        (
            lambda m: oddqueues.full(m).put(2, timeout=NAN),
            ("raised", "ValueError", "Invalid value"),
        ),
    ],
    ids=["wait_for", "semaphore", "barrier", "get", "put"],
)
def test_a_wait_for_nan_seconds_ends_at_once(ours, call, answer):
    # (The standard library's never end, and use a whole core, where it does not refuse them.)
    answer = REFUSED if NAN_IS_REFUSED else answer
    assert odd.agree(odd.outcome(ours, lambda m, _: call(m), None), answer)


def test_a_barriers_action_may_abort_it_and_breaks_it(ours):
    # (In the standard library it waits for itself for ever.)
    barrier = ours.Barrier(1, action=lambda: barrier.abort())
    with pytest.raises(ours.BrokenBarrierError):
        barrier.wait()
    assert barrier.broken
