"""What a stream does with what tasks, inputs and hire() raise."""

import gc
import pickle
import time
import weakref
from concurrent.futures import CancelledError

import pytest
import raddle
from raddle._raddle import Stream
from tasks import double

pytestmark = pytest.mark.raddle_only


class Failure(Exception):
    pass


def fail_at(*numbers):
    def task(number):
        if number in numbers:
            raise Failure(number)
        return number

    return task


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


@pytest.mark.parametrize("on_error", ["raise", "return", "collect"])
def test_ctrl_c_while_an_input_is_described_is_not_lost(on_error):
    class Input:
        def __repr__(self):
            raise KeyboardInterrupt  # As the handler does, which runs between any two steps.

    def fail(_):
        raise Failure

    results = raddle.map(fail, [Input()], on_error=on_error)
    with pytest.raises(KeyboardInterrupt):
        next(results)
    assert list(results) == []


@pytest.mark.parametrize("on_error", ["raise", "return", "collect"])
def test_nor_is_it_in_an_exceptions_own_add_note(on_error):
    class Noted(Exception):
        def add_note(self, note):
            raise KeyboardInterrupt

    def fail(_):
        raise Noted

    results = raddle.map(fail, [1], on_error=on_error)
    with pytest.raises(KeyboardInterrupt):
        next(results)
    assert list(results) == []


@pytest.mark.parametrize("kind", [RuntimeError, MemoryError, CancelledError])
def test_that_nobody_can_be_hired_is_no_error_when_others_work(threading, kind):
    workers = []

    def hire():
        if len(workers) == 2:
            raise kind("no more threads")
        workers.append(threading.Thread(target=it.worker(), daemon=True))
        workers[-1].start()

    it = Stream(lambda number: time.sleep(0.001) or number, iter(range(60)), hire=hire)
    assert list(it) == list(range(60))
    for worker in workers:
        worker.join(60)


def test_another_error_of_hire_is_not_lost(threading):
    """As what a signal's handler raises that runs while a thread is started."""
    workers = []

    def hire():
        workers.append(threading.Thread(target=it.worker(), daemon=True))
        workers[-1].start()
        if len(workers) == 2:
            raise Failure("an alarm")

    it = Stream(lambda number: time.sleep(0.001) or number, iter(range(60)), hire=hire)
    with pytest.raises(Failure, match="an alarm"):
        list(it)
    it.close()
    for worker in workers:
        worker.join(60)


def test_ctrl_c_while_a_stream_ends_with_an_error_is_not_lost(threading):
    class Interrupted(Stream):
        def _ended(self, how):
            raise KeyboardInterrupt  # As the handler does, which runs between any two steps.

    def hire():
        threading.Thread(target=it.worker(), daemon=True).start()

    it = Interrupted(fail_at(0), iter(range(5)), hire=hire)
    with pytest.raises(KeyboardInterrupt) as caught:
        next(it)
    assert isinstance(caught.value.__context__, Failure)


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
