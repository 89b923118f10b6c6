"""Runs that would not end: daemons, polling, Ctrl-C, forks, and threads that take no turns."""

import os

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

signal.signal(signal.SIGINT, signal.default_int_handler)

def work():
    # (It is this one's turn: the main thread waits.)
    os.kill(os.getpid(), signal.SIGINT)
    {then}

def wait():
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join()

try:
    raddle.explore(wait, runs=1)
except KeyboardInterrupt:
    print("interrupted", flush=True)
os._exit(0)
"""


@pytest.mark.parametrize("then", ["os.read(os.pipe()[0], 1)", "while True: pass"])
def test_ctrl_c_ends_an_exploration(then, child):
    assert child(INTERRUPTED.format(then=then)).stdout == "interrupted\n"
