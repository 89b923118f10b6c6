"""Exit: threads that end are waited for; those that need not end never harm the exit."""

import sys

import daemons
import pytest

REPEATS = 5

# What a daemon thread may be inside of when the interpreter ends.
DAEMONS = {
    "python": "while True: pass",
    "sleep": "time.sleep(3600)",
    "Lock": "held.acquire()",
    "Lock with a timeout": "held.acquire(timeout=3600)",
    "RLock": "rlock.acquire()",
    "Condition": "c = threading.Condition(); c.acquire(); c.wait()",
    "Condition with a timeout": "c = threading.Condition(); c.acquire(); c.wait(3600)",
    "Event": "threading.Event().wait()",
    "Event in a loop": "while True: threading.Event().wait(0.0001)",
    "Lock in a loop": "while True:\n  with shared: pass",
    "Condition in a loop": (
        "c = threading.Condition()\n while True:\n  with c: c.notify(), c.wait(0)"
    ),
    "Semaphore": "threading.Semaphore(0).acquire()",
    "Semaphore in a loop": "while True:\n  with semaphore: pass",
    "Barrier": "threading.Barrier(2).wait()",
    "Thread": "threading.main_thread().join()",
    "threads in a loop": (
        "try:\n  while True: t = threading.Thread(target=int, daemon=True); t.start(); t.join()"
        "\n except RuntimeError: pass  # refused at exit, as it should be"
    ),
    "generator": "for _ in (held.acquire(timeout=0.001) for _ in iter(int, 1)): pass",
    "finally": "try: held.acquire()\n finally: print('unwound')",
    "with": "with open('/dev/null'), threading.Lock(): held.acquire()",
}

DAEMON = """
import sys, time
held, rlock, shared = threading.Lock(), threading.RLock(), threading.Lock()
held.acquire(), rlock.acquire()
semaphore = threading.Semaphore(1)
def work():
 running.release()
 {body}
running = threading.Semaphore(0)
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
for _ in range(4):
    running.acquire()
print("end", flush=True)
"""


@pytest.mark.parametrize("name", DAEMONS)
def test_daemon_threads_neither_hold_up_nor_spoil_the_exit(child, subject, name):
    if (name, subject) == ("threads in a loop", "stdlib") and sys.version_info < (3, 12):
        pytest.skip("the stdlib's start may hang at exit until 3.12")
    for _ in range(REPEATS):
        assert child(DAEMON.format(body=DAEMONS[name])).stdout == "end\n"


@pytest.mark.parametrize("name", daemons.BODIES)
def test_a_daemon_thread_inside_python_code_that_raddle_runs_does_not_spoil_the_exit(
    child, name
):
    for _ in range(2):
        assert child(daemons.program(name), prelude="").stdout == "end\n"


PILE = """
import itertools, os
threading.stack_size(1 << 18)
enough = threading.Semaphore(0)
def count():
    return os.stat("/proc/self/task").st_nlink  # of links: two, and one for each thread
def work(me):
    for number in itertools.count():
        try:
            threading.Thread(target=int, daemon=True).start()
        except RuntimeError:
            return  # refused at exit, as it should be
        most[me] = max(most[me], count() - before)
        if number == 300 or most[me] > {limit}:
            enough.release()
        if most[me] > {limit}:
            return  # before the system runs out of threads
before, most = count(), [0] * 16
for me in range(16):
    threading.Thread(target=work, args=(me,), daemon=True).start()
for _ in range(16):
    enough.acquire()
print("piled up" if max(most) > {limit} else "end", flush=True)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it counts threads in /proc")
def test_threads_that_go_on_starting_others_pile_up_no_crowd_and_do_not_hold_up_the_exit(
    child, subject
):
    if subject == "stdlib" and sys.version_info < (3, 12):
        pytest.skip("the stdlib's start may hang at exit until 3.12")
    for _ in range(3):
        assert child(PILE.format(limit=1500)).stdout == "end\n"


@pytest.mark.parametrize("ending, code", [("sys.exit(3)", 3), ("raise SystemExit", 0)])
def test_the_exit_code_is_the_programs(child, ending, code):
    done = child(DAEMON.format(body="held.acquire()") + ending, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "end\n", "")


def test_an_exception_in_the_main_thread_still_gives_exit_code_one(child):
    done = child(DAEMON.format(body="held.acquire()") + "1 / 0", check=False)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("ZeroDivisionError: division by zero")


def test_non_daemon_threads_are_joined_before_atexit_runs(child):
    code = """
        import atexit
        begun, go = threading.Event(), threading.Event()
        atexit.register(print, "atexit", flush=True)
        def work():
            begun.set()
            go.wait()
            print("worker", flush=True)
        threading.Thread(target=work).start()
        begun.wait()
        print("main", flush=True)
        def release():
            threading.main_thread().join()
            go.set()
        threading.Thread(target=release, daemon=True).start()
        """
    assert child(code).stdout == "main\nworker\natexit\n"


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="from 3.12 on such starts are refused")
def test_threads_that_non_daemon_threads_start_at_exit_are_joined_too(child):
    code = """
        def work(depth):
            threading.main_thread().join()
            if depth:
                threading.Thread(target=work, args=(depth - 1,)).start()
            print("ended", depth, flush=True)
        threading.Thread(target=work, args=(3,)).start()
        """
    assert sorted(child(code).stdout.splitlines()) == [f"ended {n}" for n in range(4)]


@pytest.mark.parametrize("daemon", [True, False])
def test_start_during_finalization_raises_and_leaves_nothing(child, subject, daemon):
    if subject == "stdlib" and sys.version_info < (3, 12):
        pytest.skip("the stdlib's start hangs here until 3.12")
    code = f"""
        import os
        class Last:
            def __del__(self, threading=threading, write=os.write):
                t = threading.Thread(target=write, args=(1, b"ran"), daemon={daemon})
                try:
                    t.start()
                except RuntimeError:
                    left = t in threading.enumerate(), t in threading._limbo, t.is_alive()
                    write(1, b"refused %r" % (left,))
        keep = Last()
        """
    assert child(code).stdout == "refused (False, False, False)"


def test_registered_functions_run_before_the_threads_are_joined(child):
    code = """
        go = threading.Event()
        t = threading.Thread(target=lambda: (go.wait(), print("worker", flush=True)))
        t.start()
        threading._register_atexit(lambda: (print("registered", flush=True), go.set()))
        """
    assert child(code).stdout == "registered\nworker\n"


def test_primitives_still_work_in_atexit_functions(child):
    code = """
        import atexit
        def late():
            with threading.Lock(), threading.RLock(), threading.Condition() as _:
                pass
            e = threading.Event(); e.set()
            assert e.wait(1) and not threading.Event().wait(0.001)
            assert threading.Semaphore(1).acquire() and threading.Barrier(1).wait() == 0
            print("late", threading.active_count(), threading.current_thread().name)
        atexit.register(late)
        """
    assert child(code).stdout == "late 1 MainThread\n"


def test_primitives_still_work_in_destructors_at_the_very_end(child):
    code = """
        import os
        class Last:
            def __init__(self):
                self.lock, self.event = threading.Lock(), threading.Event()
                self.semaphore, self.condition = threading.Semaphore(1), threading.Condition()
            def __del__(self, write=os.write):
                with self.lock, self.semaphore, self.condition:
                    self.condition.notify_all()
                    self.event.set()
                    write(1, b"last %r %r" % (self.event.wait(0), self.condition.wait(0)))
        keep = Last()
        """
    assert child(code).stdout == "last True False"


def test_an_executor_left_open_finishes_its_work(child):
    code = """
        import os
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(4)
        for n in range(20):
            pool.submit(os.write, 1, b"%d\\n" % n)
        """
    assert sorted(map(int, child(code).stdout.split())) == list(range(20))


def test_os_exit_from_a_thread_ends_the_program_at_once(child):
    code = """
        import os
        threading.Thread(target=os._exit, args=(5,), daemon=True).start()
        threading.Event().wait()
        """
    assert child(code, check=False).returncode == 5


def test_a_join_of_a_daemon_thread_at_exit_times_out(child):
    code = """
        import atexit
        t = threading.Thread(target=threading.Event().wait, daemon=True)
        t.start()
        atexit.register(lambda: (t.join(0.01), print(t.is_alive(), flush=True)))
        """
    assert child(code).stdout == "True\n"
