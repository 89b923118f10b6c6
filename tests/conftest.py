"""What every test shares: the module under test, its stock counterpart, and ways to wait.

The subject is chosen by RADDLE_SUBJECT: `raddle` (the default) tests `raddle.threading`,
`installed` tests the interpreter's own module after `raddle.install()`, and `stdlib` tests the
tests: all but those marked `raddle_only` have to pass there too.
"""

from __future__ import annotations

import faulthandler
import functools
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading as _threading
import time
import types
from concurrent import futures as _futures

import kinds
import pytest
from programs import Folder
from states import opened

SUBJECT = os.environ.get("RADDLE_SUBJECT", "raddle")

# A shell's background job ignores these, and so would the programs that the tests start.
for _name, _handler in (("SIGINT", signal.default_int_handler), ("SIGQUIT", signal.SIG_DFL)):
    _signal = getattr(signal, _name, None)  # (Windows has no SIGQUIT.)
    if _signal is not None and signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, _handler)

DEADLINE = 60.0  # seconds that a state may take to appear before a test gives up
HANG = float(os.environ.get("RADDLE_HANG", 240))  # seconds until one test ends the run


class Stock(types.SimpleNamespace):
    """The names of a module as they were, whatever is installed later."""

    def __repr__(self):
        return "<stock threading>"


STOCK = Stock(**vars(_threading))
_ELSEWHERE = ("ProcessPoolExecutor", "InterpreterPoolExecutor")
STOCK_FUTURES = Stock(
    **{name: getattr(_futures, name) for name in _futures.__all__ if name not in _ELSEWHERE}
)

PRELUDE = {
    "raddle": "from raddle import threading\n",
    "installed": "import raddle; raddle.install(); import threading\n",
    "stdlib": "import threading\n",
}[SUBJECT]


QUEUE_PRELUDE = (
    PRELUDE
    + {
        "raddle": "from raddle import queue\n",
        "installed": "import queue\n",
        "stdlib": "import queue\n",
    }[SUBJECT]
)


def pytest_configure(config):
    config.addinivalue_line("markers", "raddle_only: asks what only raddle promises")
    config.addinivalue_line("markers", "shutdown: asks for a queue's shutdown()")


def pytest_report_header(config):
    return f"subject: {SUBJECT}"


def pytest_collection_modifyitems(items):
    if SUBJECT == "stdlib":
        skip = pytest.mark.skip(reason="the stdlib does not promise this")
        for item in items:
            if item.get_closest_marker("raddle_only"):
                item.add_marker(skip)


@pytest.fixture(autouse=True)
def _without_loky(request):
    """backend="cores" is tested with nothing installed."""
    given = getattr(request.node, "callspec", None)
    with kinds.without_loky("cores" if given and "cores" in given.params.values() else ""):
        yield


@pytest.fixture(scope="session")
def subject():
    """The name of what is tested: raddle, installed or stdlib."""
    return SUBJECT


@pytest.fixture(scope="session")
def threading():
    """The module under test."""
    if SUBJECT == "raddle":
        from raddle import threading as module

        return module
    if SUBJECT == "installed":
        import raddle

        raddle.install()
    return _threading


@pytest.fixture(scope="session")
def queue(threading):
    """The subject's module of queues."""
    if SUBJECT == "raddle":
        from raddle import queue as module
    else:
        import queue as module
    return module


@pytest.fixture(scope="session")
def stock():
    """The names of the interpreter's own `threading`, as they were before any install."""
    return STOCK


def outcome(call, *args):
    """Return what `call` did: ("returned", value) or ("raised", exception type)."""
    try:
        return "returned", call(*args)
    except Exception as error:
        return "raised", type(error)


@pytest.fixture
def same(threading, stock):
    """Call a function with the subject and with the stock names; require one outcome."""

    def check(call):
        ours, theirs = outcome(call, threading), outcome(call, stock)
        assert ours == theirs, f"{SUBJECT}: {ours}, the stdlib: {theirs}"
        return ours

    return check


@pytest.fixture(scope="session")
def futures(threading):
    """The subject's `concurrent.futures`."""
    if SUBJECT == "raddle":
        from raddle import futures as module

        return module
    return _futures


@pytest.fixture(params=["native", "open"])
def make(request, futures):
    """Make a future, either as it comes or with its condition in use."""
    return futures.Future if request.param == "native" else lambda: opened(futures.Future())


@pytest.fixture
def pool(futures):
    """Make ThreadPoolExecutors; each is shut down at the end, its workers awaited."""
    made = []

    def make(*args, **kwargs):
        made.append(futures.ThreadPoolExecutor(*args, **kwargs))
        return made[-1]

    yield make
    for each in made:
        each.shutdown()


@pytest.fixture(scope="session")
def stock_futures():
    """The names of the interpreter's own `concurrent.futures`, as they were."""
    return STOCK_FUTURES


def _until(predicate, what="the state that the test waits for"):
    limit = time.monotonic() + DEADLINE
    while not (value := predicate()):
        assert time.monotonic() < limit, f"not seen within {DEADLINE} s: {what}"
        time.sleep(0.0005)
    return value


@pytest.fixture
def until():
    """Wait until a predicate holds and return its value; fail after a generous deadline."""
    return _until


@pytest.fixture
def let_go():
    """Wait until the object behind a weak reference is gone, without the collector's help.

    (Where there is no GIL, objects whose references another thread owns do need it.)
    """
    collect = not getattr(sys, "_is_gil_enabled", lambda: True)()

    def check(reference):
        enabled = gc.isenabled()
        gc.disable()
        try:
            _until(
                lambda: (collect and gc.collect(), reference() is None)[1], "somebody lets go"
            )
        finally:
            if enabled:
                gc.enable()

    return check


def _task(native):
    if sys.platform != "linux":
        return "S", None  # Nobody says: a thread that stays at one place is asleep.
    try:
        with open(f"/proc/self/task/{native}/status") as status:
            facts = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    except OSError:
        return None
    return facts["State"][0], facts.get("voluntary_ctxt_switches")


def _asleep(*threads):
    """Wait until each thread sleeps in the kernel, at one place, over several looks."""
    for thread in threads:
        last, looks = None, 0

        def still(thread=thread):
            nonlocal last, looks
            frame = sys._current_frames().get(thread.ident)
            now = (_task(thread.native_id), frame and (frame.f_code, frame.f_lasti))
            settled = frame is not None and now[0] is not None and now[0][0] == "S"
            looks = looks + 1 if settled and now == last else 0
            last = now
            return looks >= (4 if sys.platform == "linux" else 40)

        _until(still, f"{thread} blocked")


@pytest.fixture
def asleep():
    """Wait until the given threads are blocked, as the kernel sees them."""
    return _asleep


class Spawned:
    """A thread of the subject whose value or exception comes back from `result()`."""

    def __init__(self, module, target, args, daemon):
        self.value = self.error = None
        self.thread = module.Thread(target=self._run, args=(target, args), daemon=daemon)
        self.thread.start()

    def _run(self, target, args):
        try:
            self.value = target(*args)
        except BaseException as error:
            self.error = error

    @property
    def ident(self):
        return self.thread.ident

    @property
    def native_id(self):
        return self.thread.native_id

    def done(self):
        return not self.thread.is_alive()

    def end(self):
        self.thread.join(DEADLINE)
        assert not self.thread.is_alive(), f"{self.thread} did not end"

    def result(self):
        self.end()
        if self.error is not None:
            raise self.error
        return self.value


@pytest.fixture
def spawn(threading):
    """Start `target(*args)` in a thread of the subject; every one has to end with the test."""
    spawned = []

    def start(target, *args, daemon=True):
        spawned.append(Spawned(threading, target, args, daemon))
        return spawned[-1]

    yield start
    for each in spawned:
        each.end()


class Held:
    """A thread that says it has begun and then waits to be let go."""

    def __init__(self, threading, spawn):
        self.begun, self.go = threading.Event(), threading.Event()
        self.spawned = spawn(self.run)
        self.thread = self.spawned.thread
        assert self.begun.wait(60)

    def run(self):
        self.begun.set()
        assert self.go.wait(60)

    def end(self):
        self.go.set()
        self.spawned.result()


@pytest.fixture
def held(threading, spawn):
    """A started thread that waits until the test, or its end, lets it go."""
    made = Held(threading, spawn)
    yield made
    made.go.set()


@pytest.fixture
def stream(threading):
    """Make a Stream whose workers are threads of the subject; all have to end with the test."""
    from raddle._raddle import Stream

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


def _environment(extra):
    base = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "RADDLE"))}
    return base | (extra or {})


@pytest.fixture
def folder(tmp_path):
    """An empty folder to write programs into and to run them in."""
    return Folder(tmp_path)


@pytest.fixture
def home(tmp_path):
    """A private folder that stands for the user's runtime folder."""
    path = tmp_path / "runtime"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def child():
    """Run code in a fresh interpreter, `threading` there being the subject; return the run."""

    def run(code, *flags, env=None, prelude=PRELUDE, check=True, arguments=()):
        command = [sys.executable, *flags, "-c", prelude + textwrap.dedent(code), *arguments]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(env),
        )
        try:
            out, err = process.communicate(timeout=DEADLINE * 2)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            try:
                out, err = process.communicate(timeout=DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                out, err = process.communicate()
            pytest.fail(f"the child hung\n{out}\n{err}")
        done = subprocess.CompletedProcess(command, process.returncode, out, err)
        if check:
            assert (done.returncode, done.stderr) == (0, ""), f"{done}"
        return done

    return run


@pytest.fixture
def futures_child(child):
    """Run code as `child` does; `futures` there is the subject's, too."""
    module = "raddle" if SUBJECT == "raddle" else "concurrent"
    return functools.partial(child, prelude=f"{PRELUDE}from {module} import futures\n")


@pytest.fixture
def suite(request, monkeypatch):
    """Run a file of tests, test_app.py, in a process of its own; return its outcome."""
    # (The last two are what pytest takes for a sign of CI, where it prints messages twice.)
    for name in ("RADDLE", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    pytester = request.getfixturevalue("pytester")

    def run(source, *options):
        pytester.makepyfile(test_app=source)
        # (It would import hypothesis, which takes longer than these tests.)
        quick = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
        return pytester.runpytest_subprocess(*quick, *options)

    return run


def _stderr(config):
    # Capturing has replaced descriptor 2; pytest keeps the real one for its fault handler.
    try:
        from _pytest.faulthandler import fault_handler_stderr_fd_key

        return config.stash[fault_handler_stderr_fd_key]
    except (ImportError, KeyError):
        return sys.__stderr__


@pytest.fixture(autouse=True)
def _hang(request):
    faulthandler.dump_traceback_later(HANG, exit=True, file=_stderr(request.config))
    yield
    faulthandler.cancel_dump_traceback_later()
