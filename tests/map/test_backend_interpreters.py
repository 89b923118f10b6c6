"""Interpreters: one GIL each, where there are any; and what is said where there are none."""

import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import kinds
import pytest
import raddle
import tasks

pytestmark = pytest.mark.raddle_only

HERE = sys.version_info >= (3, 14)
here = pytest.mark.skipif(not HERE, reason="interpreters are for Python 3.14 and later")


@pytest.mark.skipif(HERE, reason="there are interpreters here")
def test_older_versions_say_what_to_use_instead():
    with pytest.raises(NotImplementedError, match=r"needs Python 3.14 or later.*processes"):
        raddle.map(tasks.square, [1], backend="interpreters")


@here
def test_tasks_run_in_this_process_and_in_other_interpreters():
    places = {
        (os.getpid(), number != 0)
        for number in raddle.map(_interpreter, range(50), backend="interpreters", workers=2)
    }
    assert places == {(os.getpid(), True)}


def _interpreter(_):
    from concurrent import interpreters

    return interpreters.get_current().id


@here
def test_a_function_that_cannot_be_shared_is_refused_at_the_call():
    lock = threading.Lock()
    with pytest.raises(pickle.PicklingError, match="cannot be sent to interpreters"):
        raddle.map(lambda n: lock, [n for n in range(3)], backend="interpreters")


@here
def test_lambdas_need_cloudpickle_and_say_so():
    code = (
        "import sys; sys.modules['cloudpickle'] = None; import raddle\n"
        "try: raddle.map(lambda n: n, [1], backend='interpreters')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.startswith("PicklingError")
    assert "pip install raddle[processes]" in done.stdout


# Thread.start() of the standard library waits for the new thread. What a signal handler raises
# while that takes the condition's lock again becomes a RuntimeError.
INTERRUPTED = """
import signal, threading, sys
import raddle

restore, waits = threading.Condition._acquire_restore, 0

def interrupt(condition, state):
    global waits
    if threading.current_thread() is threading.main_thread():
        waits += 1
        if waits == int(sys.argv[2]):
            signal.raise_signal(signal.SIGINT)
    return restore(condition, state)

threading.Condition._acquire_restore = interrupt
try:
    for _ in raddle.map(abs, range(2000), workers=2, backend=sys.argv[1]):
        pass
    print("ended", waits < int(sys.argv[2]))
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("backend", ["threads", pytest.param("interpreters", marks=here)])
def test_ctrl_c_while_a_thread_starts_is_not_lost(child, backend, number):
    done = child(INTERRUPTED, prelude="", arguments=(backend, str(number)), check=False)
    assert done.stdout in ("interrupted\n", "ended True\n"), done


def test_what_others_have_submitted_outlives_an_interrupted_start():
    from raddle._map.backends.interpreters import _tolerant

    interrupted = False

    class Interrupted(ThreadPoolExecutor):
        def _adjust_thread_count(self):
            if not interrupted:
                return super()._adjust_thread_count()
            try:
                raise KeyboardInterrupt
            finally:
                raise RuntimeError("release unlocked lock")

    go = threading.Event()
    with _tolerant(Interrupted)(1) as pool:
        running, queued = pool.submit(go.wait, 60), pool.submit(int)
        interrupted = True
        with pytest.raises(KeyboardInterrupt):
            pool.submit(int)
        interrupted = False
        go.set()
        assert running.result(60) and queued.result(60) == 0


def test_an_interrupt_that_was_being_handled_is_not_raised_again(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        with pytest.raises(RuntimeError, match="can't start new thread"):
            list(raddle.map(abs, [1, 2], workers=2))


MAIN = """
import sys
sys.modules["cloudpickle"] = None
import raddle

class Point:
    def __init__(self, x):
        self.x = x

def double(point):
    return Point(point.x * 2)

if __name__ == "__main__":
    with raddle.Pool(2, "interpreters") as pool:
        points = list(pool.map(double, map(Point, range(5))))
    print([p.x for p in points], all(type(p) is Point for p in points))
"""


@here
def test_functions_of_main_do_without_cloudpickle(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(MAIN)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("[0, 2, 4, 6, 8] True\n", "")


@here
def test_unpicklable_results_and_exceptions_are_their_items_errors():
    kinds.need("interpreters")
    with raddle.Pool(2, "interpreters") as pool:
        got = list(pool.map(tasks.unpicklable, range(3), on_error="return"))
        assert [type(each) for each in got] == [TypeError] * 3
        with pytest.raises(RuntimeError, match="Odd: one and two"):
            list(pool.map(tasks.odd, [1]))


STOPPED_BEFORE = """
import os, threading
from raddle._map.backends import interpreter_worker, pickling
hear, say = os.pipe()
interpreter_worker.begin(hear)
os.write(say, b"!")
for each in threading.enumerate():
    if each.name == "raddle-listen":
        each.join()
function, data = pickling.function(print, "here"), pickling.inputs(["done"], "here")
print(interpreter_worker.attend(function, [data], 0.0, False))
"""


def test_a_task_that_was_taken_on_and_not_begun_does_not_outlive_its_map(child):
    assert child(STOPPED_BEFORE, prelude="").stdout == "([], 0.0)\n"
