"""Interrupting a task, and nothing else: what is left of one that came late."""

import sys

import programs
import pytest

pytestmark = pytest.mark.raddle_only

LATE = """
import faulthandler, sys, threading, time
faulthandler.dump_traceback_later(60, exit=True)
from raddle._map.backends.interrupt import Stopped, Target

came = []
target = Target(threading.get_ident(), threading.RLock())
for _ in range(200):
    interrupted = []
    def interrupt():
        while target.owner is None and not interrupted:
            pass
        target.interrupt("a task")
        interrupted.append(True)
    # (No lock is used in the task: an interrupt could leave it locked.)
    def task():
        try:
            {task}
        except Stopped:
            came.append(True)
            raise
    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    target.run("a task", task)
    interrupted.append(True)
    interrupter.join()

# A thread that is traced begins each function by looking whether anything is under way.
threading.settrace(lambda frame, event, argument: None)
traced = threading.Thread(target=came.append, args=(False,))
traced.start()
traced.join()
assert came.pop() is False
print("ended", all(came))
"""


@pytest.mark.parametrize("task", ["pass", "while not interrupted: pass", "while True: pass"])
def test_a_task_that_was_interrupted_leaves_nothing_under_way(task, tmp_path):
    done = programs.run(sys.executable, "-c", LATE.format(task=task), cwd=tmp_path)
    assert done.returncode == 0 and done.stdout == "ended True\n", programs.seen(done)


def test_an_interrupt_does_not_mind_what_others_say_of_ctypes_function(tmp_path):
    pytest.importorskip("ctypes")
    function = "ctypes.pythonapi.PyThreadState_SetAsyncExc"
    theirs = f"import ctypes\n{function}.argtypes = [ctypes.c_char_p]\n"
    code = theirs + LATE.format(task="while True: pass")
    done = programs.run(sys.executable, "-c", code, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout == "ended True\n", programs.seen(done)


STARTING = """
import faulthandler, threading
faulthandler.dump_traceback_later(60, exit=True)
from raddle._map.backends.interrupt import Target

target = Target(threading.get_ident(), threading.RLock())
over = False  # It is at nothing: nobody is to be hit.

def interrupt():
    while not over:
        target.interrupt()

interrupter = threading.Thread(target=interrupt)
interrupter.start()
for _ in range(300):
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
over = True
interrupter.join()
print("ended")
"""


def test_a_thread_that_is_just_starting_is_not_hit(tmp_path):
    # Until it has begun, the interpreter has it under the identifier 0.
    done = programs.run(sys.executable, "-c", STARTING, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout == "ended\n", programs.seen(done)


UNSTARTED = """
import _thread, faulthandler, threading
faulthandler.dump_traceback_later(60, exit=True)
from raddle._map.backends.interrupt import Target

target = Target(threading.get_ident(), threading.RLock())
_thread.stack_size(1 << 46)  # More than any address space has.
try:
    _thread.start_new_thread(print, ())
except RuntimeError:
    _thread.stack_size(0)
    def interrupt():
        while target.owner is None:
            pass
        target.interrupt("a task")
    def compute():
        while True:
            pass
    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    target.run("a task", compute)
    interrupter.join()
    print("stopped")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="such a stack is refused elsewhere")
def test_a_thread_that_could_not_be_started_is_not_hit(tmp_path):
    # 3.11 keeps its state, with the identifier of the thread that tried.
    done = programs.run(sys.executable, "-c", UNSTARTED, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout == "stopped\n", programs.seen(done)
