"""What is Windows' own: Ctrl-C without signals, Ctrl-Break, a program in a child's place."""

import _thread
import sys
import threading as stock

import pytest
import raddle
from programs import RADDLE

pytestmark = [
    pytest.mark.raddle_only,
    pytest.mark.skipif(sys.platform != "win32", reason="this is about Windows"),
]

WAITS = {
    "lock": lambda m, q: [lock := m.Lock(), lock.acquire(), lock.acquire()],
    "condition": lambda m, q: [
        condition := m.Condition(),
        condition.acquire(),
        condition.wait(),
    ],
    "event": lambda m, q: m.Event().wait(1000),
    "semaphore": lambda m, q: m.Semaphore(0).acquire(),
    "barrier": lambda m, q: m.Barrier(2).wait(),
    "queue": lambda m, q: q.Queue().get(),
    "simplequeue": lambda m, q: q.SimpleQueue().get(),
}


@pytest.mark.parametrize("wait", WAITS)
def test_ctrl_c_ends_a_wait_of_the_main_thread(threading, queue, until, asleep, wait):
    main = stock.main_thread()

    def interrupt():
        seen = sys._current_frames
        until(lambda: seen()[main.ident].f_code.co_filename == __file__, "the wait begins")
        asleep(main)
        _thread.interrupt_main()

    interrupter = stock.Thread(target=interrupt)
    with pytest.raises(KeyboardInterrupt):
        interrupter.start()
        WAITS[wait](threading, queue)
    interrupter.join()


def test_ctrl_break_shows_the_threads(child):
    done = child(
        """
        import signal
        import raddle
        raddle.configure(dump=True)
        signal.raise_signal(signal.SIGBREAK)
        print("goes on")
        """,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "goes on\n") and "MainThread" in done.stderr


def test_raddle_run_passes_the_exit_code_on(folder):
    name = folder.write("import threading; print(threading.Lock()); raise SystemExit(7)")
    done = folder.run(*RADDLE, name)
    assert done.returncode == 7 and "lock" in done.stdout, done.stderr


def test_a_lock_waits_no_longer_than_the_interpreters_can(threading):
    assert threading.Lock().acquire(timeout=threading.TIMEOUT_MAX) is True
    for wait in (threading.Lock().acquire, threading.Event().wait):
        with pytest.raises(OverflowError, match="timeout value is too large"):
            wait(timeout=threading.TIMEOUT_MAX * 1.001)


@pytest.mark.parametrize("backend", ["processes", "cores"])
def test_worker_processes_are_refused_in_words(backend):
    with pytest.raises(RuntimeError, match="no worker processes on Windows yet"):
        list(raddle.map(abs, [-1], backend=backend))
