"""install and uninstall: what is patched, and what comes back."""

import pytest
from programs import bare

pytestmark = pytest.mark.raddle_only

# fmt: off
NAMES = [
    "get_ident", "active_count", "Condition", "current_thread", "enumerate", "main_thread",
    "TIMEOUT_MAX", "Event", "Lock", "RLock", "Semaphore", "BoundedSemaphore", "Thread",
    "Barrier", "BrokenBarrierError", "Timer", "ThreadError", "setprofile", "settrace",
    "local", "stack_size", "excepthook", "ExceptHookArgs", "gettrace", "getprofile",
    "get_native_id", "serialize_iterator", "synchronized_iterator", "concurrent_tee",
    "setprofile_all_threads", "settrace_all_threads",
]

PRIVATE = [
    "_active", "_limbo", "_active_limbo_lock", "_dangling", "_shutdown", "_register_atexit",
    "_after_fork", "_allocate_lock", "_HAVE_THREAD_NATIVE_ID", "_DummyThread", "_MainThread",
    "_PyRLock",
]
# fmt: on

STATE = """
def state():
    import threading, _thread, queue
    t = threading
    return [type(t.Lock()), type(t.RLock()), t.Condition, t.Semaphore, t.BoundedSemaphore,
            t.Event, t.Barrier, type(_thread.allocate_lock()), _thread.RLock,
            type(t._allocate_lock())]
"""


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_of_315_is_there(threading, subject, name):
    assert hasattr(threading, name)
    if subject == "raddle":
        assert name in threading.__all__


@pytest.mark.parametrize("name", PRIVATE)
def test_the_private_names_that_tools_use_are_there(threading, stock, name):
    assert hasattr(threading, name)


def test_importing_raddle_loads_neither_threading_nor_the_extension(child):
    code = """
        import sys
        before = set(sys.modules)
        import raddle
        print([m for m in ("threading", "raddle._raddle") if m in set(sys.modules) - before])
        print(raddle.installed(), type(raddle.__version__).__name__)
        """
    assert bare(child, code, "-I").stdout == "[]\nFalse str\n"


def test_install_and_uninstall_twice_each_and_again(child):
    code = (
        STATE
        + """
import raddle
stock = state()
for _ in range(2):
    raddle.install(); raddle.install()
    assert raddle.installed() is True
    ours = state()
    assert not set(ours) & set(stock), set(ours) & set(stock)
    raddle.uninstall(); raddle.uninstall()
    assert raddle.installed() is False
    assert state() == stock
raddle.install()
assert state() == ours
print("ok")
"""
    )
    assert bare(child, code).stdout == "ok\n"


def test_thread_stays_the_same_class_with_other_methods(child):
    code = """
        import threading
        Thread, methods = threading.Thread, dict(vars(threading.Thread))
        import raddle
        raddle.install()
        assert threading.Thread is Thread
        assert vars(Thread)["start"] is not methods["start"]
        t = Thread(target=print, args=("ran",)); t.start(); t.join()
        raddle.uninstall()
        now = dict(vars(Thread))
        print({k for k in now.keys() | methods.keys() if now.get(k) is not methods.get(k)})
        """
    assert bare(child, code).stdout == "ran\nset()\n"


def test_the_installed_classes_are_those_of_raddle_threading(child):
    code = """
        import raddle
        raddle.install()
        import threading
        from raddle import threading as ours
        for name in "Event Condition Semaphore BoundedSemaphore Barrier".split():
            assert getattr(threading, name) is getattr(ours, name), name
        assert type(threading.Lock()) is type(ours.Lock())
        assert type(threading.RLock()) is type(ours.RLock())
        for name in "local get_ident get_native_id excepthook stack_size".split():
            assert getattr(threading, name) is getattr(ours, name), name
        print("ok")
        """
    assert bare(child, code).stdout == "ok\n"


def test_instances_survive_install_and_uninstall(child):
    code = """
        import threading, raddle
        def make():
            return [threading.Lock(), threading.RLock(), threading.Condition(),
                    threading.Semaphore(1), threading.Event(), threading.Barrier(2)]
        def use(items):
            lock, rlock, condition, semaphore, event, barrier = items
            got = []
            def work():
                with lock, rlock, condition, semaphore:
                    got.append(event.wait(60))
                barrier.wait(60)
            t = threading.Thread(target=work)
            t.start(); event.set(); barrier.wait(60); t.join()
            with condition:
                condition.notify_all()
                condition.wait(0)
            event.clear()
            assert got == [True]
        before = make(); use(before)
        raddle.install()
        between = make(); use(before); use(between)
        raddle.uninstall()
        after = make(); use(before); use(between); use(after)
        print("ok")
        """
    assert bare(child, code).stdout == "ok\n"


@pytest.mark.parametrize("step", ["install", "uninstall"])
def test_threads_alive_across_a_switch_end_and_join(child, step):
    code = f"""
        import threading, raddle
        if {step!r} == "uninstall":
            raddle.install()
        go = threading.Event()
        threads = [threading.Thread(target=go.wait, args=(60,)) for _ in range(3)]
        unstarted = threading.Thread(target=print, args=("started later",))
        for t in threads: t.start()
        raddle.{step}()
        assert all(t.is_alive() for t in threads)
        assert set(threads) < set(threading.enumerate())
        assert threading.current_thread() is threading.main_thread()
        go.set()
        for t in threads: t.join(60)
        assert not any(t.is_alive() for t in threads)
        unstarted.start(); unstarted.join()
        print(threading.active_count())
        """
    assert bare(child, code).stdout == "started later\n1\n"


def test_a_fresh_import_of_threading_is_patched(child):
    code = """
        import raddle, sys
        raddle.install()
        import threading
        old, lock = threading, type(threading.Lock())
        for name in ("threading", "queue", "_queue"):
            sys.modules.pop(name, None)
        import threading, queue
        assert threading is not old
        assert type(threading.Lock()) is lock, type(threading.Lock())
        assert threading.Event is old.Event
        t = threading.Thread(target=print, args=("ran",)); t.start(); t.join()
        """
    assert bare(child, code).stdout == "ran\n"


@pytest.mark.parametrize("installed", [True, False])
def test_broken_barriers_raise_what_every_copy_of_threading_calls_so(child, installed):
    code = f"""
        import raddle, sys
        if {installed}: raddle.install()
        import threading
        from raddle import threading as ours
        copies = [ours, threading] if {installed} else [ours]
        del sys.modules["threading"]
        import threading
        if {installed}: copies.append(threading)
        for one in copies:
            barrier = one.Barrier(2)
            barrier.abort()
            for other in copies:
                try: barrier.wait()
                except other.BrokenBarrierError: print("caught")
        raddle.uninstall()
        broken = threading.Barrier(2)
        broken.abort()
        try: broken.wait()
        except threading.BrokenBarrierError: print("stock")
        """
    times = 9 if installed else 1
    assert bare(child, code).stdout == "caught\n" * times + "stock\n"


def test_names_that_modules_imported_earlier_are_switched_and_restored(child):
    code = """
        import sys, types, threading, _thread
        from _thread import allocate_lock
        from threading import Lock, RLock, Event
        module = types.ModuleType("earlier")
        exec("from threading import Lock, Condition as C; from _thread import allocate_lock",
             vars(module))
        sys.modules["earlier"] = module
        before = [Lock, RLock, Event, allocate_lock, *map(vars(module).get,
                  ["Lock", "C", "allocate_lock"])]
        import raddle
        raddle.install()
        now = [Lock, RLock, Event, allocate_lock, *map(vars(module).get,
               ["Lock", "C", "allocate_lock"])]
        assert type(Lock()) is type(threading.Lock()) is type(module.Lock())
        assert Event is threading.Event and module.C is threading.Condition
        assert type(allocate_lock()) is type(module.allocate_lock()) is type(threading.Lock())
        raddle.uninstall()
        assert before == [Lock, RLock, Event, allocate_lock, *map(vars(module).get,
                          ["Lock", "C", "allocate_lock"])]
        print("ok")
        """
    assert bare(child, code).stdout == "ok\n"


def test_thread_level_functions_start_threads_that_count(child):
    code = """
        import raddle; raddle.install()
        import _thread, threading
        done = threading.Event()
        ident = _thread.start_new_thread(done.set, ())
        assert done.wait(60) and isinstance(ident, int) and ident != _thread.get_ident()
        lock = _thread.allocate_lock()
        assert isinstance(lock, _thread.LockType) and type(lock) is type(threading.Lock())
        print("ok")
        """
    assert bare(child, code).stdout == "ok\n"


def test_uninstall_without_install_does_nothing(child):
    code = (
        STATE + "import raddle\nbefore = state(); raddle.uninstall(); print(state() == before)"
    )
    assert bare(child, code).stdout == "True\n"


def test_what_a_function_that_a_thread_is_in_needs_stays_after_uninstall(child):
    code = """
        import threading, types, raddle

        def needed(code):
            inner = [each for each in code.co_consts if isinstance(each, types.CodeType)]
            return set(code.co_names).union(*map(needed, inner))

        def functions(names):
            for value in list(names.values()):
                parts = [value]
                if isinstance(value, property):
                    parts = [value.fget, value.fset]
                for each in parts:
                    if isinstance(each, types.FunctionType) and each.__globals__ is home:
                        yield each

        home, before = vars(threading), set(vars(threading))
        raddle.install()
        added = set(home) - before
        ours = [*functions(home), *functions(vars(threading.Thread))]
        ours = [each for each in ours if "raddle" in each.__code__.co_filename]
        wanted = set().union(*(needed(each.__code__) for each in ours)) & added
        make = threading.RLock
        raddle.uninstall()
        print(len(ours) > 5, bool(wanted), sorted(wanted - set(home)))
        with make():
            pass
        """
    assert bare(child, code).stdout == "True True []\n"


def test_switching_while_threads_use_and_make_primitives_loses_nothing(child):
    code = """
        import threading, raddle
        count, lock = 0, threading.Lock()
        def work():
            global count
            for _ in range(2000):
                event, condition = threading.Event(), threading.Condition(threading.Lock())
                event.set()
                with lock, condition, threading.Semaphore(1), threading.RLock():
                    count += event.wait()
        threads = [threading.Thread(target=work) for _ in range(2)]
        for t in threads: t.start()
        while any(t.is_alive() for t in threads):
            raddle.install(); raddle.uninstall()
        print(count, threading.active_count())
        """
    assert bare(child, code).stdout == "4000 1\n"


def test_a_reloaded_threading_stays_raddles(child):
    done = child(
        """
import raddle; raddle.install()
import importlib, os, threading
from raddle import _raddle
importlib.reload(threading)
assert threading.Event is _raddle.Event
file = threading.Thread.start.__code__.co_filename
assert file.endswith(os.path.join("raddle", "threading.py"))
thread = threading.Thread(target=print, args=("ran",))
thread.start(); thread.join()
raddle.uninstall()
assert threading.Event is not _raddle.Event
"""
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ran\n", "")


def test_functions_of_the_patched_modules_can_be_pickled(child):
    done = child(
        """
import raddle; raddle.install()
import _thread, pickle, threading
for function in (threading.current_thread, threading._allocate_lock, threading.Lock):
    assert pickle.loads(pickle.dumps(function)) is function, function
"""
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_drop_in_module_has_no_warning_registry_but_its_own(child):
    done = child(
        """
import raddle; raddle.install()
import threading, raddle.threading
threading.__warningregistry__ = {}
assert not hasattr(raddle.threading, "__warningregistry__")
assert raddle.threading.__excepthook__ is threading.__excepthook__
"""
    )
    assert (done.returncode, done.stderr) == (0, "")


UNINSTALLED = """
import raddle
raddle.install()
import {first}
raddle.uninstall()
import asyncio, concurrent.futures, queue, threading, _queue, _thread
from concurrent.futures import _base, thread
from raddle import _raddle

ours = (_raddle.Future, _raddle._Executor, _raddle.Queue, _raddle.SimpleQueue)
kinds = (
    concurrent.futures.Future, concurrent.futures.ThreadPoolExecutor, _base.Future,
    thread.ThreadPoolExecutor, queue.Queue, queue.SimpleQueue, _queue.SimpleQueue,
)
print([kind for kind in kinds if issubclass(kind, ours)])
print(concurrent.futures.wait is _base.wait, _base.wait.__module__)
print(asyncio.run(asyncio.to_thread(abs, -7)))
locks = (threading.Lock, threading._allocate_lock, _thread.allocate_lock)
print([lock for lock in locks if lock in (_raddle.lock, _raddle.allocate_lock)])
"""


@pytest.mark.parametrize(
    "first", ["concurrent.futures.thread", "asyncio", "queue", "threading"]
)
def test_what_was_imported_while_installed_is_stock_again_after_uninstall(child, first):
    output = bare(child, UNINSTALLED.format(first=first)).stdout.splitlines()
    assert output == ["[]", "True concurrent.futures._base", "7", "[]"]


# Has a thread import SLOW, and come on with it only when the main thread waits for it.
MEANWHILE = """
import sys, _thread, time
from importlib.machinery import PathFinder

def waits():
    frame = sys._current_frames()[main]
    while frame is not None:
        code, frame = frame.f_code, frame.f_back
        if "importlib._bootstrap" in code.co_filename and code.co_name == "acquire":
            return True
    return False

class Slow:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != SLOW:
            return None
        spec = PathFinder.find_spec(name, path, target)
        run = spec.loader.exec_module

        def exec_module(module):
            inside.release()
            while not (waits() or over):
                time.sleep(0.001)
            run(module)

        spec.loader.exec_module = exec_module
        return spec

def attempt(call):
    try:
        call()
    except BaseException as error:
        errors.append(error)

def load():
    attempt(lambda: __import__(SLOW))
    loaded.release()

def meanwhile(call):
    sys.meta_path.insert(0, Slow)
    _thread.start_new_thread(load, ())
    inside.acquire()
    attempt(call)
    over.append(True)
    loaded.acquire()

main, errors, over = _thread.get_ident(), [], []
inside, loaded = _thread.allocate_lock(), _thread.allocate_lock()
inside.acquire(), loaded.acquire()
import raddle._raddle, raddle._install.patch
"""


def test_install_waits_for_another_thread_that_imports_what_it_patches(child):
    code = """
SLOW = "queue"
meanwhile(raddle.install)
import queue
print(errors, issubclass(queue.Queue, raddle._raddle.Queue))
"""
    assert bare(child, MEANWHILE + code).stdout == "[] True\n"


def test_raddle_futures_and_concurrent_futures_may_be_imported_at_the_same_time(child):
    code = """
SLOW = "concurrent.futures"
meanwhile(lambda: __import__("raddle.futures"))
print(errors)
"""
    assert bare(child, MEANWHILE + code).stdout == "[]\n"
