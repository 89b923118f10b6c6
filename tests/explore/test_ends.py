"""Runs that would not end: daemons, polling, Ctrl-C, forks, and threads that take no turns."""

import os
import time

import pytest
import raddle
from raddle import futures, threading

pytestmark = pytest.mark.raddle_only


def test_a_daemon_that_ticks_does_not_keep_a_run():
    def tick():
        event = threading.Event()

        def work():
            while not event.wait(1):
                pass

        threading.Thread(target=work, daemon=True).start()

    assert raddle.explore(tick, runs=3).complete


@pytest.mark.parametrize("strategy", ["random", "depth", "all"])
def test_a_thread_that_polls_lets_the_others_go_on(strategy):
    def poll():
        event = threading.Event()
        thread = threading.Thread(target=event.set)
        thread.start()
        while not event.is_set():
            pass
        thread.join()

    assert raddle.explore(poll, runs=5, strategy=strategy, seed=1).runs == 5


def test_a_deadlock_in_a_scope_is_found():
    def cross():
        one, other = threading.Lock(), threading.Lock()

        def take(first, second):
            with first, second:
                pass

        with raddle.Group() as group:
            group.start(take, one, other)
            group.start(take, other, one)

    with pytest.raises((raddle.DeadlockError, BaseExceptionGroup)):
        raddle.explore(cross, seed=1)


def test_what_a_thread_that_takes_no_turns_does_is_waited_for():
    with futures.ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()

        def ask():
            assert pool.submit(int).result() == 0

        assert raddle.explore(ask, runs=3).complete


FORKS = """
import os, raddle

def fork():
    lock = threading.Lock()
    thread = threading.Thread(target=lock.acquire)
    thread.start()
    child = os.fork()
    if not child:
        other = threading.Thread(target=int)
        other.start()
        other.join()
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    thread.join()

raddle.explore(fork, runs=5, seed=1)
print("ended")
"""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_the_child_of_a_fork_takes_no_turns(child):
    done = child(FORKS, "-W", "ignore")
    assert done.stdout == "ended\n"


INTERRUPTED = """
import os, signal, raddle
from threading import Timer as Plain

reader, _ = os.pipe()
signal.signal(signal.SIGINT, signal.default_int_handler)

def read():
    thread = threading.Thread(target=os.read, args=[reader, 1], daemon=True)
    thread.start()
    thread.join()

timer = Plain(0.3, os.kill, [os.getpid(), signal.SIGINT])
timer.start()
try:
    raddle.explore(read, runs=1)
except KeyboardInterrupt:
    print("interrupted", flush=True)
os._exit(0)
"""


def test_ctrl_c_ends_an_exploration(child):
    began = time.monotonic()
    assert child(INTERRUPTED).stdout == "interrupted\n"
    assert time.monotonic() - began < 60


COMPUTING = """
import os, signal, raddle
from threading import Timer as Plain

signal.signal(signal.SIGINT, signal.default_int_handler)

def compute():
    while True:
        pass

def wait():
    thread = threading.Thread(target=compute, daemon=True)
    thread.start()
    thread.join()

timer = Plain(0.3, os.kill, [os.getpid(), signal.SIGINT])
timer.start()
try:
    raddle.explore(wait, runs=1)
except KeyboardInterrupt:
    print("interrupted", flush=True)
os._exit(0)
"""


def test_ctrl_c_ends_an_exploration_whose_thread_computes(child):
    assert child(COMPUTING).stdout == "interrupted\n"
