"""Stream, the engine of raddle.map on threads: order, bounds and waits."""

import gc
import itertools
import operator
import time
import weakref

import pytest
from raddle._raddle import Stream
from tasks import double

pytestmark = pytest.mark.raddle_only


# Results


@pytest.mark.parametrize("count", [0, 1, 2, 63, 64, 65, 1000])
@pytest.mark.parametrize("window", [1, 2, 3, 64])
@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_the_order_of_their_inputs(stream, count, window, workers):
    results = list(stream(double, range(count), workers, window))
    assert results == [2 * number for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 65, 1000])
@pytest.mark.parametrize("window", [1, 2, 3, 64])
def test_unordered_results_are_all_there_once(stream, count, window):
    results = list(stream(double, range(count), 3, window, ordered=False))
    assert sorted(results) == [2 * number for number in range(count)]


def test_about_how_many_results_are_to_come_is_known_of_what_is_in_memory(stream):
    it = stream(double, range(100), 2, 8)
    assert operator.length_hint(it) == 100
    assert list(itertools.islice(it, 40)) == [2 * number for number in range(40)]
    assert operator.length_hint(it) == 60
    assert len(list(it)) == 60
    assert operator.length_hint(it) == 0
    closed = stream(double, range(100), 2, 8)
    closed.close()
    assert operator.length_hint(closed) == 0


@pytest.mark.parametrize(
    "inputs", [map(abs, [1]), {1}, range(2**21)], ids=["map", "set", "long"]
)
def test_else_it_is_unknown(stream, inputs):
    it = stream(double, inputs, 1, 8)
    assert operator.length_hint(it, -1) == -1
    it.close()


def test_a_list_of_what_ends_early_has_no_room_for_all(stream):
    with pytest.raises(ZeroDivisionError):
        list(stream(lambda number: 1 // (number - 5), range(10**12), 2, 8))


def test_who_makes_inputs_is_not_asked_how_many(stream):
    class Numbers:
        left = 10

        def __iter__(self):
            return self

        def __next__(self):
            self.left -= 1
            if self.left < 0:
                raise StopIteration
            return self.left

        def __length_hint__(self):
            raise AssertionError("it may take long")

    assert list(stream(double, Numbers(), 2, 8)) == [18, 16, 14, 12, 10, 8, 6, 4, 2, 0]


def test_an_unordered_stream_goes_on_past_a_slow_item(stream, gate):
    def task(number):
        if number == 0:
            gate.wait(60)
        return number

    it = stream(task, range(500), 2, 4, ordered=False)
    assert sorted(itertools.islice(it, 499)) == list(range(1, 500))
    gate.set()
    assert list(it) == [0]


def test_star_spreads_each_tuple_over_the_arguments(stream):
    pairs = zip(range(200), itertools.repeat(3), strict=False)
    assert list(stream(pow, pairs, star=True)) == [number**3 for number in range(200)]


def test_star_wants_tuples(stream):
    it = stream(pow, [(2, 3), [2, 3]], star=True)
    assert next(it) == 8
    with pytest.raises(TypeError, match="tuple"):
        next(it)


def test_results_are_the_objects_themselves_and_not_kept(stream):
    class Thing:
        pass

    things = [Thing() for _ in range(100)]
    references = [weakref.ref(thing) for thing in things]
    it = stream(lambda thing: thing, things)
    assert all(a is b for a, b in zip(it, things, strict=True))
    it.close()
    del things
    gc.collect()
    assert [reference() for reference in references] == [None] * 100


def test_hire_may_decline_at_once_if_workers_come_by_themselves(threading, spawn):
    asked = []
    it = Stream(double, iter(range(100)), hire=lambda: bool(asked.append(1)))
    worker = spawn(it.worker())
    assert list(it) == [2 * number for number in range(100)]
    worker.result()
    assert len(asked) <= 1


# Laziness


def test_nothing_is_pulled_before_somebody_asks(stream):
    pulled = []
    it = stream(double, map(pulled.append, range(10)))
    assert pulled == []
    it.close()
    assert pulled == []


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("window", [1, 2, 7, 64])
def test_no_more_than_the_window_is_pulled_ahead_of_the_results(stream, window, ordered):
    pulled = 0

    def inputs():
        nonlocal pulled
        for number in itertools.count():
            pulled += 1
            yield number

    it = stream(double, inputs(), window=window, ordered=ordered)
    for taken in range(1, 300):
        next(it)
        assert pulled <= taken + window


def test_a_result_does_not_wait_for_a_slow_input(stream, gate):
    def inputs():
        yield 1
        yield 2
        time.sleep(0.05)  # from here on, inputs are known to be slow
        yield 3
        gate.wait(60)
        yield 4

    it = stream(double, inputs())
    assert [next(it), next(it)] == [2, 4]
    assert next(it) == 6  # ready before the generator is asked for what comes late
    gate.set()
    assert list(it) == [8]


def test_inputs_are_pulled_by_the_thread_that_iterates(threading, stream):
    def inputs():
        for _ in range(50):
            yield threading.get_ident()

    assert set(stream(lambda ident: ident, inputs())) == {threading.get_ident()}


def test_the_consumer_may_change_from_thread_to_thread(stream, spawn):
    it = stream(double, range(6))
    assert [spawn(next, it).result() for _ in range(6)] == [0, 2, 4, 6, 8, 10]
    assert spawn(next, it, None).result() is None


# Waiting


def test_next_times_out_and_the_stream_goes_on(stream, gate):
    it = stream(lambda number: gate.wait(60) and number, range(1, 4))
    for timeout in (0, 0.01, -1):
        with pytest.raises(TimeoutError):
            it.next(timeout)
    gate.set()
    assert [it.next(60), it.next(None), it.next()] == [1, 2, 3]
    with pytest.raises(StopIteration):
        it.next(0)


def test_results_of_tasks_that_block_are_delivered_as_they_finish(threading, stream, until):
    gates = [threading.Event() for _ in range(6)]
    it = stream(lambda number: gates[number].wait(60) and number, range(6), 6)
    for number, gate in enumerate(gates):
        with pytest.raises(TimeoutError):
            it.next(0.001)
        gate.set()
        assert it.next(60) == number


def test_a_quick_item_before_a_slow_one_is_delivered(threading, stream):
    slow = threading.Event()
    it = stream(lambda number: number < 500 or slow.wait(60), range(501), 1, 501)
    assert [it.next(60) for _ in range(500)] == [True] * 500
    slow.set()
    assert it.next(60) is True


def test_as_many_items_run_at_once_as_workers_may_be_hired(threading, stream):
    barrier = threading.Barrier(16)
    assert len(list(stream(lambda _: barrier.wait(60), range(32), 16))) == 32


def test_workers_that_rest_are_all_woken_for_a_burst(threading, stream, until):
    barrier = threading.Barrier(8)

    def inputs():
        yield from range(8)
        until(lambda: it._waiting()[0] == 8, "all workers at rest")
        yield from range(8)

    it = stream(lambda _: barrier.wait(60), inputs(), 8, 16)
    assert len(list(it)) == 16


def test_workers_rest_while_nobody_asks(stream, until):
    it = stream(double, range(1000), 2, 4)
    assert next(it) == 0
    until(lambda: it._waiting()[0] == it.workers() > 0, "the workers at rest")
    assert list(it) == [2 * number for number in range(1, 1000)]


def test_two_threads_at_once_get_each_result_once_or_a_clear_error(stream, spawn):
    it = stream(double, range(2000))

    def consume():
        results = []
        while True:
            try:
                results.append(next(it))
            except StopIteration:
                return results
            except ValueError as error:
                assert "already executing" in str(error)

    consumers = [spawn(consume) for _ in range(2)]
    results = [result for each in consumers for result in each.result()]
    assert sorted(results) == [2 * number for number in range(2000)]


def test_inputs_that_iterate_their_own_stream_are_told_so(stream):
    def inputs():
        with pytest.raises(ValueError, match="already executing"):
            next(it)
        yield 1

    it = stream(double, inputs())
    assert list(it) == [2]


def test_a_task_may_run_a_stream_of_its_own(stream):
    def task(number):
        return sum(stream(double, range(number), 1))

    assert list(stream(task, range(20))) == [n * (n - 1) for n in range(20)]


def test_streams_may_be_chained(stream):
    first = stream(double, range(300))
    assert list(stream(double, first)) == [4 * number for number in range(300)]


# Clocks


def test_clocks_count_what_the_workers_did(stream):
    def task(_):
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass

    it = stream(task, range(4), 2)
    assert it.clocks() == (0.0, 0.0, 0.0, 0)
    list(it)
    assert it.wait_idle(60)
    cpu, busy, elapsed, most = it.clocks()
    assert cpu >= 0.08
    assert busy >= 0.08
    assert elapsed >= 0.04
    assert most in (1, 2)


def test_clocks_tell_sleep_from_work(stream):
    it = stream(lambda _: time.sleep(0.02), range(4), 4)
    list(it)
    assert it.wait_idle(60)
    cpu, busy, _, _ = it.clocks()
    assert busy >= 0.08 > cpu


def test_a_stream_whose_time_is_over_raises_and_is_closed(stream, threading):
    never = threading.Event()
    it = stream(lambda _: never.wait(), range(3), timeout=0.05)
    with pytest.raises(TimeoutError):
        next(it)
    never.set()
    assert list(it) == []


def test_seconds_that_are_no_number_are_none(stream):
    nan = float("nan")
    assert list(stream(abs, [-1, -2], look=nan)) == [1, 2]
    made = Stream(abs, iter([]))
    assert list(made) == []
    assert made.worker()(nan, nan) is None
