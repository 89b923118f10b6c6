"""Stream, the engine of raddle.map on threads: order, bounds, errors, waits and ends."""

import gc
import itertools
import os
import pickle
import signal
import sys
import time
import weakref

import pytest
from raddle._raddle import Stream

pytestmark = pytest.mark.raddle_only


@pytest.fixture
def stream(threading):
    """Make a Stream whose workers are threads of the subject; all have to end with the test."""
    threads, streams = [], []

    def make(fn, inputs, workers=2, window=64, **settings):
        mine = []

        def hire():
            if len(mine) == workers:
                return False
            mine.append(threading.Thread(target=made.worker(), daemon=True))
            threads.append(mine[-1])
            mine[-1].start()

        made = Stream(fn, iter(inputs), window=window, hire=hire, **settings)
        streams.append(made)
        return made

    yield make
    for made in streams:
        made.close()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture
def gate(threading):
    """An event that is set at the test's end at the latest, so that no task waits for ever."""
    event = threading.Event()
    yield event
    event.set()


def double(number):
    return 2 * number


class Failure(Exception):
    pass


def fail_at(*numbers):
    def task(number):
        if number in numbers:
            raise Failure(number)
        return number

    return task


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


# Errors


@pytest.mark.parametrize("position", [0, 1, 7, 63, 64, 99])
@pytest.mark.parametrize("window", [1, 8, 64])
def test_the_first_error_in_order_ends_the_stream(stream, position, window):
    it = stream(fail_at(position, position + 1), range(100), 3, window)
    results = []
    with pytest.raises(Failure) as caught:
        results.extend(it)
        for result in it:
            results.append(result)
    assert caught.value.args == (position,)
    assert caught.value.__notes__ == [f"raddle: input {position}: {position}"]
    assert list(it) == []


def test_results_before_an_error_are_delivered(stream):
    it = stream(fail_at(40), range(100))
    assert [next(it) for _ in range(40)] == list(range(40))
    with pytest.raises(Failure):
        next(it)


def test_an_unordered_error_names_its_item(stream):
    it = stream(fail_at(17), range(50), ordered=False)
    with pytest.raises(Failure) as caught:
        list(it)
    assert caught.value.__notes__ == ["raddle: input 17: 17"]


def test_nothing_is_handed_out_after_an_error(stream, gate):
    ran = []

    def task(number):
        ran.append(number)
        if number == 0:
            raise Failure
        gate.wait(60)

    it = stream(task, range(1000), 1, 1000)
    with pytest.raises(Failure):
        next(it)
    assert ran == [0]
    assert it.wait_idle(60)


def test_what_has_not_started_is_dropped_at_an_error(stream):
    class Thing:
        pass

    things = [Thing() for _ in range(20)]
    references = [weakref.ref(thing) for thing in things]

    def inputs():
        while things:
            yield things.pop()

    it = stream(lambda thing: 1 / 0, inputs(), 1, 100)
    with pytest.raises(ZeroDivisionError):
        next(it)
    assert it.wait_idle(60)
    things.clear()
    gc.collect()
    # The last one was the first item: its task's frame is in the traceback.
    assert [reference() for reference in references[:-1]] == [None] * 19


@pytest.mark.parametrize("ordered", [True, False])
def test_returned_errors_come_in_place(stream, ordered):
    results = list(stream(fail_at(3, 5), range(8), on_error="return", ordered=ordered))
    errors = [result for result in results if isinstance(result, Failure)]
    assert sorted(error.args[0] for error in errors) == [3, 5]
    if ordered:
        assert [type(result) is Failure for result in results].index(True) == 3
    for error in errors:
        assert error.__notes__ == [f"raddle: input {error.args[0]}: {error.args[0]}"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("on_error", ["raise", "return"])
def test_what_is_no_exception_is_always_raised(stream, kind, on_error):
    def task(number):
        if number == 3:
            raise kind("here")
        return number

    it = stream(task, range(100), on_error=on_error)
    assert [next(it) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(kind, match="here"):
        next(it)
    assert list(it) == []


def test_an_input_in_a_note_is_cut_to_200_characters(stream):
    with pytest.raises(ZeroDivisionError) as caught:
        list(stream(lambda text: 1 / 0, ["x" * 1000]))
    shown = caught.value.__notes__[0].removeprefix("raddle: input 0: ")
    assert shown == "'" + "x" * 198 + "…"


def test_an_input_without_a_repr_does_not_hide_the_error(stream):
    class Shy:
        def __repr__(self):
            raise Failure

    with pytest.raises(ZeroDivisionError) as caught:
        list(stream(lambda shy: 1 / 0, [Shy()]))
    assert caught.value.__notes__ == ["raddle: input 0: (its repr() failed)"]


def test_the_traceback_shows_the_task(stream):
    def the_task(number):
        raise Failure

    with pytest.raises(Failure) as caught:
        list(stream(the_task, [1]))
    assert caught.traceback[-1].name == "the_task"


@pytest.mark.parametrize("position", [0, 1, 10, 70])
def test_an_error_of_the_inputs_comes_after_the_results_before_it(stream, position):
    def inputs():
        yield from range(position)
        raise Failure("inputs")

    it = stream(double, inputs())
    assert [next(it) for _ in range(position)] == [2 * n for n in range(position)]
    with pytest.raises(Failure, match="inputs"):
        next(it)
    assert list(it) == []


def test_an_interrupt_in_the_inputs_does_not_wait_for_results(stream, gate):
    def inputs():
        yield 1
        raise KeyboardInterrupt

    it = stream(lambda _: gate.wait(60), inputs())
    with pytest.raises(KeyboardInterrupt):
        next(it)


def test_an_error_of_hire_is_raised_while_there_is_nobody_to_work():
    def hire():
        raise Failure("no thread")

    it = Stream(double, iter(range(5)), hire=hire)
    with pytest.raises(Failure, match="no thread"):
        next(it)


def test_an_error_of_hire_is_no_error_when_others_work(threading, gate):
    workers = []

    def hire():
        if len(workers) == 2:
            raise Failure("no more threads")
        workers.append(threading.Thread(target=it.worker(), daemon=True))
        workers[-1].start()

    it = Stream(lambda number: time.sleep(0.001) or number, iter(range(60)), hire=hire)
    assert list(it) == list(range(60))
    for worker in workers:
        worker.join(60)


@pytest.mark.parametrize(
    "arguments, settings, kind, text",
    [
        ((1, iter([])), {}, TypeError, "callable"),
        ((abs, [1, 2]), {}, TypeError, "iterator"),
        ((abs, iter([])), {"window": 0}, ValueError, "window"),
        ((abs, iter([])), {"window": -3}, ValueError, "window"),
        ((abs, iter([])), {"on_error": "ignore"}, ValueError, "on_error"),
    ],
)
def test_wrong_arguments_are_refused_at_once(arguments, settings, kind, text):
    with pytest.raises(kind, match=text):
        Stream(*arguments, **settings)


def test_a_stream_cannot_be_pickled():
    with pytest.raises(TypeError, match="cannot pickle"):
        pickle.dumps(Stream(abs, iter([])))


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


# The end


def test_close_wakes_the_consumer_and_is_idempotent(stream, gate, spawn, until):
    it = stream(lambda _: gate.wait(60), range(10))
    consumer = spawn(lambda: list(it))
    until(lambda: it._waiting()[1] == 1, "the consumer at rest")
    it.close()
    it.close()
    assert consumer.result() == []
    assert list(it) == []
    gate.set()
    assert it.wait_idle(60)


def test_close_sends_resting_workers_home(stream, until):
    it = stream(double, itertools.count(), 2, 8)
    next(it)
    until(lambda: it._waiting()[0] == it.workers() > 0, "the workers at rest")
    assert not it.wait_idle(0)
    it.close()
    assert it.wait_idle(60)
    assert it.workers() == 0


def test_close_drops_results_that_nobody_took(stream, until):
    class Thing:
        pass

    made = []

    def task(_):
        thing = Thing()
        made.append(weakref.ref(thing))
        return thing

    it = stream(task, range(8), 1, 8)
    del task
    first = next(it)
    until(lambda: len(made) == 8 and it._waiting()[0] + (it.workers() == 0))
    it.close()
    assert it.wait_idle(60)
    gc.collect()
    assert [thing() for thing in made] == [first] + [None] * 7


def test_close_inside_a_task_and_inside_the_inputs_ends_the_stream(stream):
    it = stream(lambda number: it.close() if number == 5 else number, range(100))
    assert len(list(it)) <= 5

    def inputs():
        yield 1
        other.close()
        yield 2

    other = stream(double, inputs())
    assert list(other) in ([], [2])
    assert other.wait_idle(60)


def test_a_stream_that_ended_lets_go_of_its_inputs(stream):
    class Inputs:
        def __iter__(self):
            return self

        def __next__(self):
            raise StopIteration

    inputs = Inputs()
    reference = weakref.ref(inputs)
    it = stream(double, inputs)
    del inputs
    assert list(it) == []
    gc.collect()
    assert reference() is None


def test_work_on_a_stream_that_ended_returns(stream):
    it = stream(double, range(3))
    assert list(it) == [0, 2, 4]
    assert it.worker()() is None
    it.close()
    assert it.worker()() is None


@pytest.mark.parametrize("where", ["function", "inputs", "hire", "input", "result"])
def test_a_cycle_through_a_stream_is_collected(until, where):
    class Node:
        def __iter__(self):
            return self

        def __next__(self):
            return self

        def __call__(self, *_):
            return self

    node = Node()
    if where == "function":
        it = Stream(node, iter([]))
    elif where == "inputs":
        it = Stream(abs, node)
    elif where == "hire":
        it = Stream(abs, iter([]), hire=node)
    elif where == "input":
        it = Stream(abs, iter([node]), hire=lambda: False)
        with pytest.raises(TimeoutError):
            it.next(0)
    else:
        it = Stream([node].__getitem__, iter(range(1)), hire=lambda: False)
        with pytest.raises(TimeoutError):
            it.next(0)
        run_one(it)
    node.it = it
    reference = weakref.ref(node)
    del node, it
    until(lambda: gc.collect() is not None and reference() is None)


def run_one(it):
    """Has the one item of a stream run, and its result stay undelivered."""
    import threading

    worker = threading.Thread(target=it.worker())
    worker.start()
    worker.join(60)
    assert not worker.is_alive()


def test_destructors_may_use_the_stream(stream):
    outcomes = []

    class Nosy:
        def __del__(self):
            try:
                outcomes.append(next(it, None))
            except ValueError as error:
                outcomes.append(str(error))

    it = stream(lambda nosy: None, (Nosy() for _ in range(10)), 1)
    for _ in it:
        pass
    it.close()
    gc.collect()
    assert len(outcomes) == 10


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


# Signals


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_signal_ends_the_wait_of_the_consumer_and_the_stream_goes_on(
    threading, stream, gate, spawn, until
):
    class Stop(Exception):
        pass

    def handler(*_):
        raise Stop

    it = stream(lambda number: gate.wait(60) and number, range(3))
    old = signal.signal(signal.SIGUSR1, handler)
    try:

        def interrupt():
            until(lambda: it._waiting()[1] == 1, "the consumer at rest")
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

        interrupter = spawn(interrupt)
        with pytest.raises(Stop):
            next(it)
        interrupter.result()
    finally:
        signal.signal(signal.SIGUSR1, old)
    gate.set()
    assert list(it) == [0, 1, 2]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_signal_reaches_a_list_of_an_endless_stream(child):
    done = child(
        """
        import itertools, os, signal
        from raddle._raddle import Stream

        def hire():
            if len(workers) == 2:
                return False
            workers.append(threading.Thread(target=it.worker(), daemon=True))
            workers[-1].start()

        workers = []
        it = Stream(abs, itertools.count(), hire=hire)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            for _ in zip(it, itertools.repeat(0)):
                pass
        except KeyboardInterrupt:
            pass
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        workers.clear()
        it = Stream(abs, itertools.count(), hire=hire)
        import collections
        try:
            collections.deque(it, maxlen=0)
        except KeyboardInterrupt:
            print("interrupted")
        """
    )
    assert done.stdout == "interrupted\n"


# Exit and fork


@pytest.mark.parametrize("state", ["at rest", "in a task", "in the middle"])
def test_the_exit_does_not_wait_for_daemon_workers(child, state):
    done = child(
        f"""
        import itertools, time
        from raddle._raddle import Stream

        def hire():
            if len(workers) == 4:
                return False
            workers.append(threading.Thread(target=it.worker(), daemon=True))
            workers[-1].start()

        def task(number):
            if {state!r} == "in a task":
                begun.set()
                threading.Event().wait()
            return [number]

        workers, begun = [], threading.Event()
        it = Stream(task, itertools.count(), hire=hire)
        if {state!r} == "in a task":
            consumer = threading.Thread(target=lambda: next(it), daemon=True)
            consumer.start()
            begun.wait()
        elif {state!r} == "in the middle":
            consumer = threading.Thread(target=lambda: [None for _ in it], daemon=True)
            consumer.start()
            while it.clocks()[3] == 0:
                time.sleep(0.001)
        else:
            next(it)
            while it._waiting()[0] != it.workers():
                time.sleep(0.001)
        print("done")
        """
    )
    assert done.stdout == "done\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_is_told_that_the_stream_stayed_behind(stream):
    it = stream(double, range(100), window=4)
    assert next(it) == 0
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            signal.alarm(30)
            try:
                next(it)
            except RuntimeError as error:
                status = 0 if "fork" in str(error) else 2
            it.close()
            it.worker()()
            if it.workers() != 0 or not it.wait_idle(10):
                status = 3
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    assert list(it) == [2 * number for number in range(1, 100)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_task_may_fork(stream):
    def task(number):
        pid = os.fork()
        if pid == 0:
            os._exit(number)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    assert list(stream(task, range(6))) == list(range(6))


def test_collected_errors_are_raised_at_the_end_and_left_out(stream):
    it = stream(fail_at(3, 5), range(8), on_error="collect", name="words")
    results = []
    with pytest.raises(ExceptionGroup) as caught:
        for result in it:
            results.append(result)
    assert results == [0, 1, 2, 4, 6, 7]
    assert [error.__notes__ for error in caught.value.exceptions] == [
        ["words: input 3: 3"],
        ["words: input 5: 5"],
    ]
    assert "2 of 8 inputs failed" in str(caught.value)
    assert list(it) == []


def test_a_stream_whose_time_is_over_raises_and_is_closed(stream, threading):
    never = threading.Event()
    it = stream(lambda _: never.wait(), range(3), timeout=0.05)
    with pytest.raises(TimeoutError):
        next(it)
    never.set()
    assert list(it) == []


def test_a_worker_does_not_keep_its_stream():
    it = Stream(abs, iter(range(3)))
    worker, gone = it.worker(), weakref.ref(it)
    del it
    assert gone() is None
    assert worker() is None


def test_the_hooks_are_told_of_time_and_of_the_end(threading):
    seen = []

    class Told(Stream):
        def _look(self):
            seen.append(self.delivered())
            return 0.0 if len(seen) < 3 else None

        def _ended(self, how):
            seen.append(how)

    it = Told(abs, iter(range(2000)), look=0.0)
    thread = threading.Thread(target=it.worker(), daemon=True)
    thread.start()
    assert list(it) == list(range(2000))
    it.close()
    assert len(seen) == 4
    assert seen[-1] == "done"
    thread.join(60)


def test_a_stream_that_was_failed_delivers_what_is_there_and_raises(threading):
    it = Stream(abs, iter(range(5)))
    worker = threading.Thread(target=it.worker(), daemon=True)
    worker.start()
    assert next(it) == 0
    it.fail(Failure("no workers"))
    worker.join(60)
    with pytest.raises(Failure, match="no workers"):
        list(it)
    assert list(it) == []


def test_failing_a_stream_wakes_whoever_waits_for_a_result(threading, until):
    it = Stream(abs, iter(range(5)))
    raised = []

    def consume():
        try:
            next(it)
        except Failure as error:
            raised.append(error)

    thread = threading.Thread(target=consume)
    thread.start()
    until(lambda: it._waiting()[1] == 1)
    it.fail(Failure("no workers"))
    thread.join(60)
    assert len(raised) == 1


def test_seconds_that_are_no_number_are_none(stream):
    nan = float("nan")
    assert list(stream(abs, [-1, -2], look=nan)) == [1, 2]
    made = Stream(abs, iter([]))
    assert list(made) == []
    assert made.worker()(nan, nan) is None
