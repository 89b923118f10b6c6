"""raddle.map on every backend: results, order, laziness, errors, ends."""

import gc
import itertools
import operator
import subprocess
import sys
import threading
import time
import weakref

import kinds
import pytest
import raddle
import tasks
from paths import SUPPORT

pytestmark = pytest.mark.raddle_only


@pytest.fixture(scope="module", params=kinds.KINDS)
def pool(request):
    """A pool of two workers of each kind."""
    with kinds.without_loky(request.param):
        made = raddle.Pool(2, request.param)
    with made:
        yield made


@pytest.fixture
def living():
    """Return what tells the workers that came since: the shared pool may have threads, too."""
    before = set(threading.enumerate())
    return lambda: [
        t for t in threading.enumerate() if t.name.startswith("raddle") and t not in before
    ]


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_a_map_of_its_own_gives_what_the_builtin_gives(kind):
    assert list(raddle.map(tasks.square, range(20), backend=kind)) == [n * n for n in range(20)]


def test_results_come_in_the_order_of_the_inputs(pool):
    assert list(pool.map(tasks.square, range(3000))) == [n * n for n in range(3000)]


def test_unordered_results_are_all_there(pool):
    got = list(pool.map(tasks.square, range(500), ordered=False))
    assert sorted(got) == [n * n for n in range(500)]
    assert sorted(pool.imap_unordered(tasks.square, range(50))) == [n * n for n in range(50)]


def test_several_iterables_are_zipped_to_the_shortest(pool):
    assert list(pool.map(tasks.add, range(100), itertools.count(5))) == list(range(5, 204, 2))
    assert list(pool.starmap(operator.add, [(1, 2), (3, 4)])) == [3, 7]


def test_no_inputs_give_no_results(pool):
    assert list(pool.map(tasks.square, [])) == []


def test_an_endless_generator_is_pulled_only_so_far_ahead(pool):
    pulled = 0

    def numbers():
        nonlocal pulled
        while True:
            pulled += 1
            yield pulled

    results = pool.map(tasks.square, numbers(), buffersize=20)
    got = 0
    for got, result in enumerate(itertools.islice(results, 2000), 1):
        assert result == got * got
        assert pulled - got <= 20
    assert got == 2000
    results.close()


def test_inputs_are_pulled_in_the_thread_of_the_consumer(pool):
    seen = set()

    def numbers():
        for n in range(200):
            seen.add(threading.get_ident())
            yield n

    assert len(list(pool.map(tasks.square, numbers()))) == 200
    assert seen == {threading.get_ident()}


def test_memory_stays_flat_whatever_the_number_of_inputs():
    alive = weakref.WeakSet()

    class Input:
        def __init__(self):
            alive.add(self)

    most = 0
    inputs = (Input() for _ in range(20_000))
    for _ in raddle.map(lambda _: None, inputs, workers=2):
        most = max(most, len(alive))
    assert most < 1100  # quick inputs are pulled up to 1,024 ahead


def test_inputs_of_slow_tasks_are_pulled_a_few_ahead(until):
    gate, pulled = threading.Event(), itertools.count()
    inputs = (next(pulled) for _ in itertools.repeat(None))
    with raddle.map(lambda _: gate.wait(60), inputs, workers=2) as results:
        spawned = threading.Thread(target=next, args=(results,))
        spawned.start()
        until(lambda: results._waiting()[1] == 1, "the consumer at rest")
        assert next(pulled) == 12
        gate.set()
        spawned.join(60)


def test_a_result_comes_as_soon_as_it_is_there(pool, tmp_path):
    # The second task waits for a file that is made only after the first result was taken.
    mark = tmp_path / "go"
    results = pool.map(_wait, [None, str(mark)])
    assert next(results) is None
    mark.touch()
    assert next(results) == str(mark)


def _wait(path):
    return path and tasks.wait_for(path)


def test_an_error_is_raised_with_its_input_as_a_note(pool):
    results = pool.map(tasks.fail, range(100))
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="no 5") as caught:
        next(results)
    assert caught.value.__notes__ == ["Pool.map: input 5: 5"]
    assert list(results) == []


def test_after_an_error_nothing_more_is_pulled(pool):
    pulled = []

    def numbers():
        for n in itertools.count():
            pulled.append(n)
            yield n

    with pytest.raises(ValueError, match="no 5"):
        list(pool.map(tasks.fail, numbers(), buffersize=30))
    assert len(pulled) <= 36


def test_collect_gives_the_results_and_then_one_group(pool):
    results, got = pool.map(tasks.fail, range(40), on_error="collect"), []
    with pytest.raises(ExceptionGroup, match="4 of 40 inputs failed") as caught:
        for result in results:
            got.append(result)
    assert got == [n for n in range(40) if n % 10 != 5]
    errors = caught.value.exceptions
    assert [str(each) for each in errors] == ["no 5", "no 15", "no 25", "no 35"]
    assert [each.__notes__ for each in errors] == [
        [f"Pool.map: input {n}: {n}"] for n in (5, 15, 25, 35)
    ]


def _numbers_that_break():
    yield from range(12)
    raise LookupError("the rest cannot be read") from OSError("the disk")


def _fail_or_wait(number, path):
    return tasks.fail(number) if number < 8 else tasks.wait_for(path)


def _innermost(error):
    while error.__context__ is not None:
        error = error.__context__
    return error


def test_what_was_collected_is_not_lost_where_the_iterable_raises(pool):
    with pytest.raises(LookupError, match="the rest") as caught:
        list(pool.map(tasks.fail, _numbers_that_break(), on_error="collect"))
    group = _innermost(caught.value)
    assert str(group) == "Pool.map: 1 of 12 inputs failed (1 sub-exception)"
    assert [str(each) for each in group.exceptions] == ["no 5"]
    assert str(caught.value.__cause__) == "the disk"


def _numbers_that_break_in_a_circle():
    yield from range(12)
    error, other = LookupError("the rest"), OSError("the disk")
    error.__context__, other.__context__ = other, error
    raise error


def test_errors_that_came_after_each_other_are_no_hang(pool):
    with pytest.raises(LookupError, match="the rest") as caught:
        list(pool.map(tasks.fail, _numbers_that_break_in_a_circle(), on_error="collect"))
    disk = caught.value.__context__
    assert (str(disk), [str(each) for each in disk.__context__.exceptions]) == (
        "the disk",
        ["no 5"],
    )


def test_what_was_collected_is_not_lost_where_the_time_is_over(pool, tmp_path):
    mark = tmp_path / "go"
    paths = itertools.repeat(str(mark))
    results = pool.map(_fail_or_wait, range(9), paths, on_error="collect", timeout=1)
    with pytest.raises(TimeoutError) as caught:
        list(results)
    mark.touch()
    if seen := [str(each) for each in getattr(_innermost(caught.value), "exceptions", [])]:
        assert seen == ["no 5"]
    else:
        assert "input 8 " not in str(caught.value)  # So slow that it had not come to that.


def test_return_gives_errors_in_the_place_of_results(pool):
    got = list(pool.map(tasks.fail, range(12), on_error="return"))
    assert got[:5] + got[6:] == [n for n in range(12) if n != 5]
    assert isinstance(got[5], ValueError)
    assert got[5].__notes__ == ["Pool.map: input 5: 5"]


def test_stop_iteration_from_a_task_does_not_look_like_the_end(pool):
    with pytest.raises(RuntimeError, match="StopIteration") as caught:
        list(pool.map(tasks.stop, [1]))
    assert caught.value.__notes__ == ["Pool.map: input 0: 1"]


def test_what_the_iterable_raises_comes_after_the_results_before_it(pool):
    def numbers():
        yield from range(3)
        raise KeyError("from the generator")

    results = pool.map(tasks.square, numbers())
    assert [next(results) for _ in range(3)] == [0, 1, 4]
    with pytest.raises(KeyError, match="from the generator"):
        next(results)


def test_timeout_is_counted_from_the_call(pool, tmp_path):
    mark = tmp_path / "go"
    results = pool.map(_wait, [str(mark)], timeout=0.05)
    with pytest.raises(TimeoutError, match="input 0 has no result yet"):
        next(results)
    mark.touch()
    assert list(results) == []


def test_a_result_may_be_none_or_an_exception(pool):
    assert list(pool.map(_none_or_error, [0, 1])) == [None, ("error", "of 1")]


def _none_or_error(number):
    return None if number == 0 else ("error", "of 1")


def test_one_map_cannot_be_advanced_by_two_threads_at_once(tmp_path, spawn, until):
    mark = tmp_path / "go"
    with raddle.map(_wait, [str(mark)], workers=1) as results:
        first = spawn(next, results)
        until(lambda: results._waiting()[1] == 1, "the first thread inside next()")
        with pytest.raises(ValueError, match="already executing: one thread at a time"):
            next(results)
        mark.touch()
        assert first.result() == str(mark)


def test_dropping_the_iterator_ends_the_threads(until, living):
    results = raddle.map(tasks.square, itertools.count(), workers=2)
    assert next(results) == 0
    assert living()
    del results
    gc.collect()
    until(lambda: not living(), "the end of the workers")


def test_closing_the_iterator_begins_nothing_more(until, living):
    done = []
    results = raddle.map(done.append, itertools.count(), workers=2)
    next(results)
    results.close()
    until(lambda: not living(), "the end of the workers")
    assert list(results) == []
    assert len(done) < 100


def test_an_exhausted_map_has_no_workers_left(living):
    assert list(raddle.map(tasks.square, range(5), workers=2)) == [0, 1, 4, 9, 16]
    assert not living()


def test_no_more_threads_than_workers():
    idents = {ident for _, ident in raddle.map(tasks.where, range(200), workers=3)}
    assert 1 <= len(idents) <= 3


def test_work_begins_at_the_call():
    began = threading.Event()
    results = raddle.map(lambda _: began.set(), [1], workers=1)
    assert began.wait(60)
    assert list(results) == [None]


BAD = [
    (lambda: raddle.map(5, [1]), TypeError, "not callable"),
    (lambda: raddle.map(tasks.square), TypeError, "at least one iterable"),
    (lambda: raddle.map(tasks.square, 5), TypeError, "iter"),
    (lambda: raddle.map(tasks.square, [1], workers=0), ValueError, "at least 1"),
    (lambda: raddle.map(tasks.square, [1], workers=-3), ValueError, "at least 1"),
    (lambda: raddle.map(tasks.square, [1], workers=True), TypeError, "whole number"),
    (lambda: raddle.map(tasks.square, [1], workers=2.0), TypeError, "whole number"),
    (lambda: raddle.map(tasks.square, [1], workers="2"), TypeError, "whole number"),
    (lambda: raddle.map(tasks.square, [1], backend="thread"), ValueError, "'interpreters'"),
    (lambda: raddle.map(tasks.square, [1], backend=7), TypeError, "distributed.Client"),
    (lambda: raddle.map(tasks.square, [1], buffersize=0), ValueError, "buffersize"),
    (lambda: raddle.map(tasks.square, [1], buffersize=1.5), TypeError, "buffersize"),
    (lambda: raddle.map(tasks.square, [1], on_error="skip"), ValueError, "collect"),
    (lambda: raddle.map(tasks.square, [1], timeout="1"), TypeError, "timeout|must be|str"),
    (lambda: raddle.Pool(0), ValueError, "at least 1"),
    (lambda: raddle.Pool(initializer=5), TypeError, "initializer"),
]


@pytest.mark.parametrize(("call", "kind", "says"), BAD)
def test_bad_input_is_refused_at_the_call(call, kind, says, living):
    with pytest.raises(kind, match=says):
        call()
    assert not living()


HIDE = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("loky", "distributed"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hide())
import raddle
try:
    raddle.map(abs, [1], backend=sys.argv[1])
except ImportError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("backend", "extra"),
    [("processes", "processes"), ("dask", "cluster"), ("dask://127.0.0.1:1", "cluster")],
)
def test_a_missing_extra_is_named(child, backend, extra):
    done = child(HIDE, arguments=[backend])
    assert f"pip install raddle[{extra}]" in done.stdout


def imported_by(code):
    """Return the names of the modules that some code imports in a fresh interpreter."""
    code = (
        f"import sys; before = set(sys.modules); {code}; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_importing_raddle_imports_nothing_else():
    assert imported_by("import raddle") == ["raddle"]


def test_a_program_that_asks_for_map_does_not_get_what_explores():
    found = [each for each in imported_by("import raddle; raddle.map") if "explore" in each]
    assert found == ["raddle._explore", "raddle._explore.api"]


def test_the_names_are_listed_before_they_are_loaded():
    assert {"map", "Pool", "cores", "GilBoundWarning"} <= {*raddle.__all__} & {*dir(raddle)}
    with pytest.raises(AttributeError, match="nonsense"):
        _ = raddle.nonsense


EXIT = """
import itertools, time, raddle
results = raddle.map({task}, itertools.count(), workers=2, backend={kind!r})
{first}
print("leaving", flush=True)
"""


@pytest.mark.parametrize("kind", kinds.KINDS)
@pytest.mark.parametrize("first", ["", "print(next(results))"])
def test_exit_does_not_wait_for_a_map_that_is_left_over(child, kind, first):
    environment = {"PYTHONPATH": str(SUPPORT)}
    began = time.monotonic()
    task = "time.sleep" if kind == "threads" and not first else "abs"
    program = kinds.before(kind) + EXIT.format(task=task, kind=kind, first=first)
    done = child(program, env=environment)
    assert done.stdout.endswith("leaving\n")
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"workers": 10**30}, ValueError, "workers has to be at most"),
        ({"buffersize": 10**30}, ValueError, "buffersize has to be from 1 to"),
        ({"buffersize": 0}, ValueError, "buffersize has to be from 1 to"),
        ({"timeout": "1"}, TypeError, "timeout has to be a number of seconds"),
        ({"timeout": -1}, ValueError, "timeout has to be 0 seconds or more"),
        ({"timeout": float("nan")}, ValueError, "timeout has to be 0 seconds or more"),
    ],
    ids=str,
)
def test_odd_arguments_are_refused_at_once_in_words(wrong, error, words):
    with pytest.raises(error, match=words):
        raddle.map(abs, [1], **wrong)


def test_an_infinite_timeout_is_none():
    assert list(raddle.map(abs, [-1, -2], timeout=float("inf"))) == [1, 2]
