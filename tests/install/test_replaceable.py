"""Names that programs and tests replace in the modules of the standard library.

Its functions look the names of their module up when they use them. The table says what holds
for each: raddle looks it up as well, or the code that uses it is the standard library's own
still, or raddle has no use for it. docs/differences.md says the same in words.
"""

import dis
import importlib
import logging
import sys
import types
from pathlib import Path

import pytest

# raddle looks it up when it uses it: while installed in the standard library's module, else in
# raddle's own. (Names of concurrent.futures in the standard library's module either way.)
USED = {
    "threading": """
        BrokenBarrierError Event RLock Thread _CRLock _DummyThread _PyRLock _ThreadHandle
        _active _active_limbo_lock _contextvars _daemon_threads_allowed _dangling _limbo
        _maintain_shutdown_locks _make_invoke_excepthook _newname _shutdown_locks
        _shutdown_locks_lock _start_joinable_thread _start_new_thread _sys current_thread
        excepthook get_ident
    """,
    "queue": "Empty Full ShutDown time",
    "concurrent.futures._base": """
        CancelledError DoneAndNotDoneFutures InvalidStateError LOGGER TimeoutError time
    """,
    "concurrent.futures.thread": """
        WorkerContext _base _global_shutdown_lock _shutdown _threads_queues os threading
    """,
}

# The code that uses it is the standard library's, with raddle as without.
OWN = {
    "threading": """
        ExceptHookArgs _DeleteDummyThreadOnDel _HAVE_THREAD_NATIVE_ID _MainThread
        _SHUTTING_DOWN _concurrent_tee _counter _enumerate _get_main_thread_ident
        _is_main_interpreter _main_thread _make_thread_handle _profile_hook _set_name
        _set_sentinel _thread_local_info _thread_shutdown _threading_atexits _trace_hook
        active_count functools get_native_id serialize_iterator setprofile settrace
    """,
    # (For futures that are not raddle's.)
    "concurrent.futures._base": """
        _AS_COMPLETED _AcquireFutures _AllCompletedWaiter _AsCompletedWaiter
        _FirstCompletedWaiter _create_and_install_waiters _yield_finished_futures
    """,
}

# raddle's primitives, queues and futures are each one object of Rust, and executors have their
# own workers: what the standard library makes them of is not looked at.
UNUSED = {
    # (Of `warnings`: 3.13's RLock() uses the module's, all else imports it.)
    "threading": "Condition Lock Semaphore _allocate_lock _deque _time warnings",
    "queue": "deque heappop heappush threading",
    "concurrent.futures._base": """
        ALL_COMPLETED CANCELLED CANCELLED_AND_NOTIFIED FINISHED FIRST_COMPLETED FIRST_EXCEPTION
        PENDING RUNNING _STATE_TO_DESCRIPTION_MAP _result_or_cancel collections islice threading
        weakref
    """,
    "concurrent.futures.thread": "BrokenThreadPool _WorkItem _worker queue weakref",
}

MODULES = tuple(USED)


def inner_code(code):
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from inner_code(constant)


def looked_up(module):
    """Return the module-level names that the functions of a module's source load."""
    names = set()
    source = Path(module.__file__).read_text()
    for code in inner_code(compile(source, module.__file__, "exec")):
        loads = (each for each in dis.get_instructions(code) if each.opname == "LOAD_GLOBAL")
        names.update(each.argval for each in loads)
    return names & set(vars(module))


@pytest.mark.parametrize("name", MODULES)
def test_every_name_that_the_standard_library_looks_up_is_settled_once(name):
    lists = [table.get(name, "").split() for table in (USED, OWN, UNUSED)]
    settled = [each for names in lists for each in names]
    assert len(settled) == len(set(settled))
    assert looked_up(importlib.import_module(name)) - set(settled) == set()


@pytest.mark.raddle_only
def test_what_is_said_to_be_used_of_threading_is_what_its_functions_load(child):
    code = f"""
        import dis, types
        def inner(code):
            yield code
            for constant in code.co_consts:
                if isinstance(constant, types.CodeType):
                    yield from inner(constant)
        def functions():
            for value in vars(threading).values():
                yield value
                for member in vars(value).values() if isinstance(value, type) else ():
                    yield getattr(member, "__func__", getattr(member, "fget", member))
        import raddle; raddle.install()
        import threading
        loaded = set()
        for each in functions():
            if getattr(each, "__globals__", None) is vars(threading):
                for code in inner(each.__code__):
                    steps = dis.get_instructions(code)
                    loaded.update(it.argval for it in steps if it.opname == "LOAD_GLOBAL")
        for name in {USED["threading"].split()!r}:
            if name not in loaded and hasattr(threading, name): print(name)
        """
    # (Barriers are Rust, and have a test of their own.)
    assert child(code, prelude="").stdout.split() == ["BrokenBarrierError"]


class Mine(Exception):
    """What a program puts into the place of an exception."""


def broken(threading):
    barrier = threading.Barrier(2)
    barrier.abort()
    barrier.wait()


def full(queue, opened=False):
    it = queue.Queue(1)
    it.put(1)
    if opened:
        assert not it.mutex.locked()
    return it


def opened(queue):
    it = queue.Queue()
    assert not it.mutex.locked()
    return it


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("Empty", lambda queue: queue.Queue().get(block=False)),
        ("Empty", lambda queue: queue.Queue().get_nowait()),
        ("Empty", lambda queue: queue.Queue().get(timeout=0.001)),
        ("Empty", lambda queue: queue.LifoQueue().get_nowait()),
        ("Empty", lambda queue: queue.PriorityQueue().get(timeout=0.001)),
        ("Empty", lambda queue: opened(queue).get_nowait()),
        ("Empty", lambda queue: opened(queue).get(timeout=0.001)),
        ("Full", lambda queue: full(queue).put(2, block=False)),
        ("Full", lambda queue: full(queue).put_nowait(2)),
        ("Full", lambda queue: full(queue).put(2, timeout=0.001)),
        ("Full", lambda queue: full(queue, True).put_nowait(2)),
        ("Full", lambda queue: full(queue, True).put(2, timeout=0.001)),
    ],
)
def test_a_queue_raises_what_its_module_calls_so_now(queue, monkeypatch, name, call):
    monkeypatch.setattr(queue, name, Mine)
    with pytest.raises(Mine):
        call(queue)


@pytest.mark.shutdown
@pytest.mark.parametrize("make", [lambda it: it, lambda it: it.mutex and it], ids=["", "open"])
@pytest.mark.parametrize("use", [lambda it: it.put(1), lambda it: it.get()], ids=["put", "get"])
def test_a_queue_that_was_shut_down_raises_what_its_module_calls_so_now(
    queue, monkeypatch, make, use
):
    if not hasattr(queue, "ShutDown"):
        pytest.skip("this version's queue cannot be shut down")
    it = make(queue.Queue())
    it.shutdown()
    monkeypatch.setattr(queue, "ShutDown", Mine)
    with pytest.raises(Mine):
        use(it)


def test_a_simple_queue_raises_what_was_called_so_at_first(queue, monkeypatch):
    usual = queue.Empty
    monkeypatch.setattr(queue, "Empty", Mine)
    with pytest.raises(usual):
        queue.SimpleQueue().get_nowait()


def test_a_name_that_is_no_exception_any_more_raises_as_raise_does(queue, monkeypatch):
    monkeypatch.setattr(queue, "Empty", object())
    with pytest.raises(TypeError, match="exceptions must derive from BaseException"):
        queue.Queue().get_nowait()


def test_a_name_that_is_gone_does_not_hide_that_the_queue_is_empty(queue, monkeypatch):
    usual = queue.Empty
    monkeypatch.delattr(queue, "Empty")
    with pytest.raises((usual, NameError)):  # NameError is the standard library's.
        queue.Queue().get_nowait()


def test_an_opened_queue_waits_by_its_conditions_and_its_modules_clock(queue, monkeypatch):
    now, waits = 100, []

    def wait(timeout):
        nonlocal now
        waits.append(timeout)
        now += 10

    monkeypatch.setattr(queue, "time", lambda: now)
    it = full(queue)
    it.not_full.wait = wait
    with pytest.raises(queue.Full):
        it.put(2, timeout=30)
    assert waits == [30, 20, 10]
    it = queue.Queue()
    it.not_empty.wait = lambda timeout: (wait(timeout), it.queue.append("item"))
    assert it.get(timeout=30) == "item"
    assert waits == [30, 20, 10, 30]


def test_a_barrier_raises_what_its_module_calls_broken_now(threading, monkeypatch):
    monkeypatch.setattr(threading, "BrokenBarrierError", Mine)
    with pytest.raises(Mine):
        broken(threading)


def test_wait_for_waits_by_the_wait_that_the_condition_has_now(threading):
    condition, waits, answers = threading.Condition(), [], [False, False, True]
    condition.wait = waits.append
    with condition:
        assert condition.wait_for(lambda: answers.pop(0), timeout=1000)
    assert waits[0] == 1000 and 0 < waits[1] <= 1000 and len(waits) == 2


@pytest.fixture
def base():
    return importlib.import_module("concurrent.futures._base")


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("CancelledError", lambda f: (f.cancel(), f.result())),
        ("CancelledError", lambda f: (f.cancel(), f.exception())),
        ("TimeoutError", lambda f: f.result(0)),
        ("TimeoutError", lambda f: f.exception(0)),
        ("InvalidStateError", lambda f: (f.set_result(1), f.set_result(2))),
        ("InvalidStateError", lambda f: (f.set_result(1), f.set_exception(Mine()))),
    ],
)
def test_a_future_raises_what_its_module_calls_so_now(futures, base, monkeypatch, name, call):
    monkeypatch.setattr(base, name, Mine)
    with pytest.raises(Mine):
        call(futures.Future())


def test_as_completed_raises_what_its_module_calls_a_timeout_now(futures, base, monkeypatch):
    monkeypatch.setattr(base, "TimeoutError", Mine)
    with pytest.raises(Mine):
        list(futures.as_completed([futures.Future()], 0))


def test_a_callback_that_raises_is_told_to_the_logger_of_now(futures, base, monkeypatch):
    logger = logging.Logger("mine")
    told = []
    logger.addFilter(lambda record: told.append(record.getMessage()))
    monkeypatch.setattr(base, "LOGGER", logger)
    future = futures.Future()
    future.add_done_callback(lambda f: 1 / 0)
    future.set_result(1)
    assert len(told) == 1 and told[0].startswith("exception calling callback for ")


def test_the_clock_of_futures_is_that_of_their_module(futures, base, monkeypatch):
    clock = types.SimpleNamespace(monotonic=iter([100.0, 1000.0]).__next__)
    monkeypatch.setattr(base, "time", clock)
    with pytest.raises(TimeoutError):
        list(futures.as_completed([futures.Future()], 500))


@pytest.fixture
def thread():
    return importlib.import_module("concurrent.futures.thread")


def test_an_executor_asks_what_its_module_calls_os_now_for_cores(futures, thread, monkeypatch):
    four = types.SimpleNamespace(process_cpu_count=lambda: 4, cpu_count=lambda: 4)
    monkeypatch.setattr(thread, "os", four)
    assert futures.ThreadPoolExecutor()._max_workers == 8


def test_a_worker_tells_the_logger_of_what_its_module_calls_base_now(
    futures, thread, base, monkeypatch
):
    logger, told = logging.Logger("mine"), []
    logger.addFilter(lambda record: told.append(record.getMessage()))
    names = types.SimpleNamespace(**{**vars(base), "LOGGER": logger})
    monkeypatch.setattr(thread, "_base", names)
    with (
        futures.ThreadPoolExecutor(1, initializer=lambda: 1 / 0) as pool,
        pytest.raises(thread.BrokenThreadPool),
    ):
        pool.submit(int).result(60)
    assert told == ["Exception in initializer:"]


def test_an_executor_starts_the_threads_of_its_modules_threading(
    threading, futures, thread, subject
):
    if subject == "raddle":
        pytest.skip("raddle's executors have raddle's threads, unless it is installed")
    made = []

    class Other(threading.Thread):
        def start(self):
            made.append(self)
            super().start()

    other = types.SimpleNamespace(**{**vars(threading), "Thread": Other})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thread, "threading", other)
        with futures.ThreadPoolExecutor(1) as pool:
            assert pool.submit(int).result() == 0
    assert len(made) == 1


@pytest.mark.raddle_only
def test_while_raddle_is_installed_the_names_of_the_standard_librarys_module_count(child):
    code = """
        import raddle
        from raddle import queue as ours
        import queue as theirs

        class Mine(Exception): pass
        class Yours(Exception): pass

        def raised():
            try:
                ours.Queue().get_nowait()
            except Exception as error:
                return type(error).__name__

        ours.Empty = Mine
        print(raised())
        raddle.install()
        theirs.Empty = Yours
        print(raised())
        raddle.uninstall()
        print(raised())
        """
    assert child(code, prelude="").stdout.split() == ["Mine", "Yours", "Mine"]


def test_rlock_makes_what_the_module_calls_its_fast_and_its_slow_lock_now(
    threading, subject, monkeypatch
):
    if subject == "raddle":
        pytest.skip("there RLock is the class itself")
    monkeypatch.setattr(threading, "_CRLock", lambda: "mine")
    assert threading.RLock() == "mine"
    monkeypatch.setattr(threading, "_CRLock", None)
    assert isinstance(threading.RLock(), threading._PyRLock)


def test_a_thread_is_started_by_what_its_module_calls_so_now(threading, monkeypatch):
    name = "_start_joinable_thread" if sys.version_info >= (3, 13) else "_start_new_thread"
    usual, started = getattr(threading, name), []

    def start(function, *args, **options):
        started.append(function.__name__)
        return usual(function, *args, **options)

    monkeypatch.setattr(threading, name, start)
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    assert started == ["_bootstrap"]


def test_current_thread_is_what_the_module_has_registered_now(threading, stock, monkeypatch):
    mine = object()
    monkeypatch.setitem(threading._active, threading.get_ident(), mine)
    assert threading.current_thread() is mine
