"""What raddle tells is told whole, once, whatever signals come while it is being made.

A handler's exception is then raised out of the wait, from the program's own line.
"""

import json
import os
import signal
import subprocess
import time

import pytest
from programs import PATIENCE, PLAIN, RADDLE, environment

pytestmark = pytest.mark.raddle_only

# At the given step of what raddle tells, a signal is sent, and that step waits for its handler.
POKE = '''
import io, os, signal, sys, threading, time, traceback

class Poked(Exception):
    pass

class Steps(io.StringIO):
    """Standard error, and a hook for what else can be seen of the making of a text."""
    def __init__(self):
        super().__init__()
        self.at = self.done = self.sent = self.raised = self.written = 0
        self.main = threading.get_ident()
        signal.signal(signal.SIGUSR1, self.handler)
        sys.addaudithook(self.step)

    def arm(self, at):
        self.at, self.done, self.sent, self.raised, self.written = at, 0, 0, 0, 0
        self.truncate(self.seek(0))

    def handler(self, number, frame):
        self.raised += 1
        raise Poked("from the handler")

    def step(self, event, arguments):
        if not self.at or event in SILENT:
            return
        self.done += 1
        if self.done == self.at:
            self.poke()

    def poke(self):
        self.at, self.sent, limit = 0, self.sent + 1, time.monotonic() + 60
        signal.pthread_kill(self.main, signal.SIGUSR1)
        while not self.raised and time.monotonic() < limit:
            time.sleep(0.0001)

    def write(self, text):
        if self.at:
            self.poke()
            self.written = True
        return super().write(text)

SILENT = {"_thread.start_joinable_thread", "_thread.start_new_thread", "signal.pthread_kill",
          "time.sleep"}
sys.stderr = steps = Steps()
sys.excepthook = lambda *told: traceback.print_exception(*told, file=sys.__stderr__)
HERE = __file__

def lines(error):
    return {frame.filename for frame in traceback.extract_tb(error.__traceback__)}
'''

RING = '''
def ring():
    """Wait for a lock that a thread has which waits for a lock of this one's."""
    mine, its, there = threading.RLock(), threading.RLock(), threading.Event()
    def other():
        with its:
            there.set()
            with mine:
                pass
    with mine:
        thread = threading.Thread(target=other)
        thread.start()
        there.wait()
        while not any(each[1] == "rlock" for each in _raddle._waits()):
            time.sleep(0.001)
        steps.arm(at)
        try:
            its.acquire()
        finally:
            steps.at = 0
            assert not its._is_owned()
    thread.join()

ORDER = """
first, second = threading.Lock(name='first'), threading.Lock(name='second')
with first, second:
    pass
with second:
    steps.arm(at)
    try:
        first.acquire()
    finally:
        steps.at = 0
        assert not first.locked()
"""

def order():
    """Take two locks in one order, and then in the other: each time locks of another place."""
    exec(compile(ORDER, HERE, "exec"))
'''

SWEEP = (
    POKE
    + RING
    + """
import raddle
from raddle import _raddle
way, at, step, last = globals()[sys.argv[1]], *map(int, sys.argv[2:])
if way is order:
    raddle.configure(lock_order=True)
wanted = "raddle: deadlock: 2 threads" if way is ring else "raddle: lock order: "
count = 0
while at < last:
    try:
        way()
        raised = None
    except Poked as error:
        raised = error
    text, sent, written = steps.getvalue(), steps.sent, steps.written
    assert sent == 1 and steps.raised == 1, (at, sent, steps.raised)
    assert raised is not None, f"step {at}: lost"
    assert lines(raised) == {HERE}, (at, lines(raised))
    assert text.count(wanted) == text.count("raddle: ") == 1, (at, text)
    assert "acquire(timeout=...)" in text.splitlines()[-1], (at, text)
    count += 1
    if written:
        break
    at += step
print("swept", count, "written" if written else "")
"""
)


def test_a_handler_at_any_step_of_a_report_is_raised_and_the_report_told(folder):
    folder.write(SWEEP)
    done = folder.run(*PLAIN, "app.py", "ring", "1", "1", "1000", env=environment(RADDLE="1"))
    assert done.returncode == 0, done
    assert done.stdout.startswith("swept ") and done.stdout.endswith("written\n"), done


@pytest.mark.parametrize("at", [1, 2, 3, 5, 8, 13, 21, 34, 55, 89])
def test_so_is_one_during_the_imports_of_the_first_report(at, folder):
    folder.write(SWEEP)
    arguments = ("ring", str(at), "1", str(at + 1))
    done = folder.run(*PLAIN, "app.py", *arguments, env=environment(RADDLE="1"))
    assert (done.returncode, done.stdout[:7]) == (0, "swept 1"), done


def test_so_is_one_while_an_order_of_locks_is_told(folder):
    folder.write(SWEEP)
    done = folder.run(*PLAIN, "app.py", "order", "1", "1", "1000", env=environment(RADDLE="1"))
    assert done.returncode == 0, done
    assert done.stdout.startswith("swept ") and done.stdout.endswith("written\n"), done


# Ctrl-C when the text of "every thread is waiting" is about to be written.
ASLEEP = """
import io, os, queue, signal, sys, threading, traceback
from concurrent.futures import Future, ThreadPoolExecutor

class Stream(io.StringIO):
    def write(self, text):
        if text.startswith("raddle: "):
            signal.pthread_kill(main, signal.SIGINT)
        return super().write(text)

main = threading.get_ident()
sys.stderr = Stream()
WAITS = {
    "lock": lambda: (lock := threading.Lock()).acquire() and lock.acquire(),
    "with": lambda: enter((lock := threading.Lock()).acquire() and lock),
    "semaphore": lambda: threading.Semaphore(0).acquire(),
    "event": lambda: threading.Event().wait(),
    "condition": lambda: wait_in(threading.Condition()),
    "barrier": lambda: threading.Barrier(2).wait(),
    "get": lambda: queue.Queue().get(),
    "simple": lambda: queue.SimpleQueue().get(),
    "put": lambda: (full := queue.PriorityQueue(1)).put(1) or full.put(2),
    "queue join": lambda: (left := queue.LifoQueue()).put(1) or left.join(),
    "thread join": lambda: stuck().join(),
    "future": lambda: Future().result(),
    "exception": lambda: Future().exception(),
    "executor": lambda: ThreadPoolExecutor(1).submit(threading.Event().wait).result(),
}

def enter(lock):
    with lock:
        pass

def wait_in(condition):
    with condition:
        condition.wait()

def stuck():
    thread = threading.Thread(target=threading.Event().wait, daemon=True)
    thread.start()
    return thread

def inner(file):
    # (Thread.join is Python, here as in the standard library.)
    folder, file = file.split(os.sep)[-2:]
    return folder == "raddle" and file != "threading.py"

wait = WAITS[sys.argv[1]]
try:
    wait()
    print("woken")
except KeyboardInterrupt as error:
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    told = sys.stderr.getvalue()
    print("raised", told.count("raddle: "), [each for each in files if inner(each)], flush=True)
    os._exit(0)
"""


# As in the program, with a dash for a blank.
WAITS = (
    "lock with semaphore event condition barrier get simple put queue-join thread-join future "
    "exception executor"
)


@pytest.mark.parametrize("wait", WAITS.split())
def test_ctrl_c_in_a_report_ends_every_kind_of_wait(wait, folder):
    # (Its `try` would tell raddle that Ctrl-C is the program's way out, and nothing be told.)
    folder.write(ASLEEP.replace("except KeyboardInterrupt", "except KINDS"))
    source = (folder.home / "app.py").read_text()
    folder.write("KINDS = (KeyboardInterrupt,)\n" + source)
    arguments = ("app.py", wait.replace("-", " "))
    done = folder.run(*PLAIN, *arguments, env=environment(RADDLE="1"))
    assert (done.returncode, done.stdout) == (0, "raised 1 []\n"), done


HANG = """
import os, signal, sys, threading
def step(event, arguments):
    if event == "sys._current_frames":
        os.write(1, b"telling\\n")
sys.addaudithook(step)
lock = threading.Lock()
lock.acquire()
# Standard error takes no more: nobody reads the pipe.
os.set_blocking(2, False)
try:
    while True:
        os.write(2, b"-" * 4096)
except BlockingIOError:
    os.set_blocking(2, True)
lock.acquire()
"""


@pytest.mark.parametrize("often", [False, True])
def test_ctrl_c_gets_out_of_a_report_that_nobody_reads(often, folder):
    command = [*PLAIN, folder.write(HANG)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=folder.home, stdout=pipe, stderr=pipe, env=environment(RADDLE="1")
    ) as process:
        try:
            assert process.stdout.readline() == b"telling\n"
            process.send_signal(signal.SIGINT)
            # The second one does not wait for the report; without it, the first does, a while.
            limit = time.monotonic() + PATIENCE
            while often and process.poll() is None and time.monotonic() < limit:
                process.send_signal(signal.SIGINT)
                time.sleep(0.01)
            # It says so itself, where nobody reads: at last it is ended by the signal.
            os.set_blocking(process.stderr.fileno(), False)
            while process.poll() is None and time.monotonic() < limit:
                process.stderr.read()
                time.sleep(0.01)
            assert process.returncode == -signal.SIGINT
        finally:
            process.kill()


DUMP = """
import os, signal, sys, threading, traceback
def step(event, arguments):
    if event == "sys._current_frames":
        signal.pthread_kill(main, signal.SIGINT)
main = threading.get_ident()
def hang():
    event = threading.Event()
    os.write(1, b"ready\\n")
    event.wait()
sys.addaudithook(step)
try:
    hang()
except KeyboardInterrupt as error:
    print([frame.name for frame in traceback.extract_tb(error.__traceback__)])
"""


def test_ctrl_c_in_a_dump_is_raised_and_the_dump_told(folder):
    command, pipe = [*RADDLE, folder.write(DUMP)], subprocess.PIPE
    with subprocess.Popen(
        command, cwd=folder.home, stdout=pipe, stderr=pipe, env=environment()
    ) as process:
        try:
            assert process.stdout.readline() == b"ready\n"
            process.send_signal(signal.SIGQUIT)
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, out) == (0, b"['<module>', 'hang']\n"), err
    assert err.count(b"raddle: 1 thread of process ") == 1 and err.endswith(b"hang()\n"), err


GIVEN = """
import threading, traceback
import raddle

class Wanted(Exception):
    pass

def action(report):
    raise Wanted(report.kind)

raddle.configure(on_deadlock=action)
one, two, both = threading.RLock(), threading.RLock(), threading.Barrier(2)

def take(mine, its):
    with mine:
        both.wait()
        try:
            its.acquire()
        except Wanted as error:
            print([frame.name for frame in traceback.extract_tb(error.__traceback__)], error)
        else:
            its.release()

thread = threading.Thread(target=take, args=(one, two))
thread.start()
take(two, one)
thread.join()
"""


def test_what_the_programs_own_function_raises_has_no_line_of_raddles(folder):
    done = folder.run(*PLAIN, folder.write(GIVEN), env=environment(RADDLE="1"))
    assert (done.returncode, done.stdout) == (0, "['take', 'action'] cycle\n"), done


PROFILED = """
import signal, sys, threading
def step(event, arguments):
    if event == "open" and str(arguments[0]).endswith("profile.json"):
        signal.pthread_kill(main, signal.SIGINT)
main = threading.get_ident()
with threading.Lock():
    pass
sys.addaudithook(step)
"""


def test_ctrl_c_in_the_telling_of_a_profile_leaves_it_whole_and_told_once(folder):
    profile = folder.home / "profile.json"
    profile.write_text("")
    done = folder.run(*RADDLE, "--profile=profile.json", folder.write(PROFILED))
    assert (done.returncode, done.stdout) == (0, ""), done
    assert done.stderr == f"raddle: the contention profile is in {profile}\n"
    assert json.loads(profile.read_text())


# While something is done aside another signal comes, too soon to interrupt the main thread's
# wait for that. It then goes on with its system call: only the handler's own end can see to the
# other. (One that comes between that end and the system call is lost until the next comes, as
# with any handler: a few of a thousand.)
LATE = """
import signal, threading, time
from raddle import _raddle

class Done(Exception):
    pass

def done(number, frame):
    over.set()
    raise Done

def start(pause):
    global lost
    time.sleep(0.002)
    signal.pthread_kill(main, signal.SIGUSR2)
    time.sleep(pause)
    signal.pthread_kill(main, signal.SIGUSR1)
    while not over.wait(5):
        lost += 1
        signal.pthread_kill(main, signal.SIGUSR1)

main, over, lost = threading.get_ident(), threading.Event(), 0
signal.signal(signal.SIGUSR2, _raddle._Handler(lambda number, waits: None))
signal.signal(signal.SIGUSR1, done)
for pause in range(0, 300, 3):
    over.clear()
    thread = threading.Thread(target=start, args=(pause * 1e-6,))
    try:
        thread.start()
        time.sleep(900)
    except Done:
        pass
    thread.join()
print(lost)
"""


def test_a_signal_that_comes_at_the_end_of_what_is_done_aside_is_seen_to(folder):
    done = folder.run(*PLAIN, folder.write(LATE))
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) < 10, "100 times"
