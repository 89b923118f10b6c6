"""Streams of short items, of which a worker takes several at once: nobody notices."""

import contextvars
import functools
import itertools
import time

import pytest
from raddle._raddle import Stream
from tasks import double

pytestmark = pytest.mark.raddle_only

QUICK = 3000
"""So many quick items that workers take many at once."""


@pytest.fixture(params=["list", "generator"])
def shape(request):
    """A list's items are pulled many at once, a generator's one by one."""
    return list if request.param == "list" else (lambda items: (item for item in items))


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("window", [5, 64, 1024, 5000])
def test_many_short_items_come_in_order(stream, shape, workers, window):
    items = list(range(QUICK * 4))
    results = list(stream(double, shape(items), workers, window))
    assert results == [2 * number for number in items]


def test_results_before_a_slow_item_of_the_same_range_are_delivered(stream, shape, gate):
    def task(number):
        if number == QUICK:
            gate.wait(60)
        return number

    it = stream(task, shape(range(QUICK + 100)), 1, 1024)
    assert [it.next(60) for _ in range(QUICK)] == list(range(QUICK))
    with pytest.raises(TimeoutError):
        it.next(0.01)
    gate.set()
    assert list(it) == list(range(QUICK, QUICK + 100))


@pytest.mark.parametrize("after", [0, 1000])
def test_items_behind_a_slow_one_are_begun_by_others(threading, stream, shape, after):
    barrier = threading.Barrier(8)  # as many as there are workers: each waits for the others

    def task(number):
        if QUICK <= number < QUICK + 64:
            barrier.wait(60)
        return number

    count = QUICK + 64 + after
    assert list(stream(task, shape(range(count)), 8, 1024)) == list(range(count))


def test_a_slow_item_is_waited_for_by_what_it_needs_only(threading, stream, shape):
    needed = threading.Event()

    def task(number):
        if number == QUICK:
            return needed.wait(60)
        if number == QUICK + 1:
            needed.set()
        return True

    assert all(stream(task, shape(range(QUICK + 50)), 2, 1024))


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_nothing_behind_an_error_is_begun_by_its_worker(stream, shape, kind):
    ran = []

    def task(number):
        ran.append(number)
        if number == QUICK:
            raise kind
        return number

    it = stream(task, shape(range(QUICK * 2)), 1, 1024)
    results = []
    with pytest.raises(kind) as caught:
        for result in it:
            results.append(result)
    assert results == list(range(QUICK))
    assert caught.value.__notes__ == [f"raddle: input {QUICK}: {QUICK}"]
    assert it.wait_idle(60)
    assert ran == list(range(QUICK + 1))


def test_nothing_is_begun_after_the_closing(stream, shape):
    ran = []

    def task(number):
        ran.append(number)
        if number == QUICK:
            it.close()

    it = stream(task, shape(range(QUICK * 2)), 1, 1024)
    list(it)
    assert it.wait_idle(60)
    assert ran == list(range(QUICK + 1))


def test_errors_that_are_returned_or_collected_do_not_end_a_range(stream, shape):
    def task(number):
        if number % 7 == 0:
            raise ValueError(number)
        return number

    for index, result in enumerate(stream(task, shape(range(QUICK)), 2, on_error="return")):
        assert (result.args[0] if index % 7 == 0 else result) == index
    it = stream(task, shape(range(QUICK)), 2, on_error="collect")
    results = []
    with pytest.raises(BaseExceptionGroup) as caught:
        for result in it:
            results.append(result)
    assert results == [number for number in range(QUICK) if number % 7]
    assert len(caught.value.exceptions) == QUICK // 7 + 1


def test_a_result_that_is_there_is_had_without_waiting(stream, until, gate):
    ran = []

    def task(number):
        if number == QUICK + 20:
            gate.wait(60)
        ran.append(number)
        return number

    it = stream(task, range(QUICK + 100), 1, 5000)
    assert [it.next(60) for _ in range(QUICK)] == list(range(QUICK))
    until(lambda: len(ran) == QUICK + 20, "the slow one")
    assert [it.next(0) for _ in range(20)] == list(range(QUICK, QUICK + 20))
    gate.set()


def test_who_only_asks_and_never_waits_has_the_results_as_well(stream, shape):
    it, results = stream(double, shape(range(QUICK)), 1, 64), []
    while len(results) < QUICK:
        try:
            results.append(it.next(0))
        except TimeoutError:
            time.sleep(0)  # a worker may want the GIL
    assert results == [2 * number for number in range(QUICK)]


def test_results_do_not_wait_for_inputs_that_come_slowly_after_quick_ones(stream, until):
    made = []

    def is_made(count):
        return len(made) >= count

    def inputs():
        for number in range(QUICK + 64):
            if number >= QUICK:  # Not before the result of the one before is there.
                until(functools.partial(is_made, number))
            yield number

    def task(number):
        made.append(number)
        return number

    assert list(stream(task, inputs(), 1, 64)) == list(range(QUICK + 64))


def test_no_more_than_the_window_is_pulled_of_what_is_quick(stream):
    pulled = 0

    def inputs():
        nonlocal pulled
        for number in itertools.count():
            pulled += 1
            yield number

    it = stream(abs, inputs(), 2, 100)
    for taken in range(1, QUICK * 4):
        next(it)
        assert pulled <= taken + 100


def test_what_a_task_sets_is_not_seen_by_the_next_one_of_its_range(stream, shape):
    ours, theirs = contextvars.ContextVar("ours"), contextvars.ContextVar("theirs")
    ours.set("submitter's")

    def task(number):
        seen = ours.get(), theirs.get(None)
        if number % 3 == 0:
            ours.set("a task's")
        if number % 5 == 0:
            theirs.set(number)
        return seen

    assert set(stream(task, shape(range(QUICK)), 2, 1024)) == {("submitter's", None)}


def test_a_context_that_a_task_keeps_is_not_the_next_ones(stream, shape):
    variable = contextvars.ContextVar("variable", default=None)

    def task(number):
        seen = variable.get()
        kept = contextvars.copy_context()
        kept.run(variable.set, number)
        token = variable.set(number)
        variable.reset(token)
        return seen, kept[variable]

    results = list(stream(task, shape(range(QUICK)), 2, 1024))
    assert results == [(None, number) for number in range(QUICK)]


def test_a_worker_goes_back_to_its_own_context():
    variable = contextvars.ContextVar("variable", default=None)
    variable.set("the stream's")
    it = Stream(lambda _: variable.get(), iter(range(100)), window=200, hire=lambda: False)
    with pytest.raises(TimeoutError):
        it.next(0)
    variable.set("the worker's")
    it.worker()(0.0, 60.0)
    assert variable.get() == "the worker's"
    assert list(it) == ["the stream's"] * 100
