"""The contention profile: what is counted, and how `raddle run --profile` tells it."""

import gc
import json
import os
import signal
import subprocess
import sys
import weakref

import pytest
from programs import PATIENCE, PLAIN, RADDLE, environment

pytestmark = pytest.mark.raddle_only

PROFILE = [*RADDLE, "--profile"]


@pytest.fixture
def profiled():
    """Count for the length of a test; return a function that gives the row of a name."""
    import raddle

    raddle.configure(profile=True)

    def row(name, kind="lock"):
        found = [row for row in raddle.stats() if (row["name"], row["kind"]) == (name, kind)]
        assert len(found) == 1, found
        return found[0]

    yield row
    raddle.configure(profile=False)


def here(below=0):
    """Return "file:line" of the caller's line, or of one below it, as raddle shows it."""
    from raddle._diagnose.program import stack

    frame = sys._getframe(1)
    return f"{stack.shown(frame.f_code.co_filename)}:{frame.f_lineno + below}"


# What is counted


@pytest.mark.parametrize("kind", ["Lock", "RLock"])
def test_what_nobody_waits_for_is_counted_exactly(threading, profiled, kind):
    exact = getattr(threading, kind)()
    made = here(-1)
    for _ in range(100):
        with exact:
            pass
    row = profiled("exact", kind.lower())
    assert (row["made"], row["count"]) == (made, 1)
    assert (row["acquisitions"], row["contended"]) == (100, 0)
    assert row["waited"] == {"total": 0, "max": 0, "p99": 0}
    assert row["waiting"] == []
    [site] = row["holding"]
    assert (site["at"], site["count"]) == (here(-8), 100)
    assert site["function"] == "test_what_nobody_waits_for_is_counted_exactly"
    assert 0 < site["max"] <= site["total"] == row["held"]["total"]
    assert row["held"]["max"] == site["max"]
    assert exact is not None


def test_a_wait_is_counted_with_who_held_the_lock(threading, profiled, spawn, until):
    wanted = threading.Lock()

    def wait():
        with wanted:
            return here(-1)

    wanted.acquire()
    holder = here(-1)
    waiter = spawn(wait)
    until(lambda: wanted._waiting() == 1)
    wanted.release()
    place = waiter.result()
    row = profiled("wanted")
    assert (row["acquisitions"], row["contended"]) == (2, 1)
    [site] = row["waiting"]
    assert (site["at"], site["held_at"], site["count"]) == (place, holder, 1)
    assert site["function"].endswith("wait")
    assert 0 < site["total"] == row["waited"]["total"] == row["waited"]["max"]
    assert row["waited"]["p99"] == row["waited"]["max"]
    assert {each["at"] for each in row["holding"]} == {place, holder}


def test_a_wait_that_was_given_up_counts_and_an_attempt_does_not(threading, profiled):
    given_up = threading.Lock()
    with given_up:
        assert not given_up.acquire(blocking=False)
        assert not given_up.acquire(timeout=0.001)
    row = profiled("given_up")
    assert (row["acquisitions"], row["contended"]) == (1, 1)
    assert row["waited"]["total"] >= 0.001
    assert row["waiting"][0]["held_at"] == here(-6)


def test_an_rlock_that_its_owner_takes_again_is_taken_once(threading, profiled):
    again = threading.RLock()
    with again, again:
        pass
    assert profiled("again", "rlock")["acquisitions"] == 1


def test_a_lock_that_another_thread_releases_was_held_until_then(threading, profiled, spawn):
    lent = threading.Lock()
    lent.acquire()
    spawn(lent.release).end()
    [site] = profiled("lent")["holding"]
    assert (site["at"], site["count"]) == (here(-3), 1)


def test_locks_of_one_place_are_one_group_and_those_that_are_gone_stay_in_it(
    threading, profiled
):
    for _ in range(50):
        made_often = threading.Lock()
        with made_often:
            pass
    del made_often
    gc.collect()
    row = profiled("made_often")
    assert (row["count"], row["acquisitions"]) == (50, 50)


def test_no_lock_is_kept_alive(threading, profiled, let_go):
    short = threading.Lock()
    with short:
        reference = weakref.ref(short)
    assert profiled("short")["count"] == 1
    del short
    let_go(reference)
    assert profiled("short")["acquisitions"] == 1


# (A wait is counted from a little after its deadline was set: they are longer than is asked.)
WAITS = {
    "event": ("Event.wait()", "threading.Event().wait(0.05)"),
    "semaphore": ("Semaphore.acquire()", "threading.Semaphore(0).acquire(timeout=0.05)"),
    "condition": ("Condition.wait()", "c = threading.Condition()\nwith c: c.wait(0.05)"),
    "queue get": (
        "Queue.get()",
        "try: queue.Queue().get(timeout=0.05)\nexcept queue.Empty: pass",
    ),
    "queue put": (
        "Queue.put()",
        "q = queue.Queue(1); q.put(1)\ntry: q.put(2, timeout=0.05)\nexcept queue.Full: pass",
    ),
    "barrier": (
        "Barrier.wait()",
        "try: threading.Barrier(2).wait(0.05)\nexcept threading.BrokenBarrierError: pass",
    ),
    "thread join": (
        "Thread.join()",
        "e = threading.Event(); t = threading.Thread(target=e.wait); t.start()\n"
        "t.join(0.05)\ne.set(); t.join(0)",
    ),
    "future": (
        "Future.result()",
        "from concurrent.futures import Future, TimeoutError\n"
        "try: Future().result(0.05)\nexcept TimeoutError: pass",
    ),
}


@pytest.mark.parametrize("kind", WAITS)
def test_other_waits_are_counted_by_place(child, kind):
    name, code = WAITS[kind]
    head = f"import raddle; raddle.install(); raddle.configure(profile=True); kind = {kind!r}\n"
    code = f"{head}import json, threading, queue\n{code}\n"
    code += "print(json.dumps([r for r in raddle.stats() if r['kind'] == kind]))"
    done = child(code, prelude="")
    rows = [row for row in json.loads(done.stdout) if row["waiting"][0]["function"]]
    assert len(rows) == 1
    [row] = rows
    assert (row["name"], row["contended"], row["acquisitions"]) == (name, 1, None)
    assert (row["made"], row["count"], row["held"]) == (None, None, None)
    assert row["waited"]["total"] >= 0.001
    assert row["waiting"][0]["at"].startswith("<string>:")


def test_rows_come_in_the_order_of_the_time_waited(threading, profiled, spawn, until):
    little, much = threading.Lock(), threading.Lock()
    for lock, timeout in ((little, 0.001), (much, 0.03)):
        lock.acquire()
        assert not lock.acquire(timeout=timeout)
    import raddle

    waited = [row["waited"]["total"] for row in raddle.stats()]
    assert waited == sorted(waited, reverse=True)
    assert waited[0] >= 0.03


def test_nothing_is_counted_while_it_is_off(child):
    done = child(
        """
        import raddle
        lock = threading.Lock()
        with lock: pass
        print(raddle.stats())
        raddle.configure(profile=True)
        with lock: pass  # Made before.
        counted = threading.Lock()
        with counted: pass
        raddle.configure(profile=False)
        with counted: pass
        print([row["acquisitions"] for row in raddle.stats()])
        """
    )
    assert done.stdout == "[]\n[1]\n"


def test_a_forked_child_starts_from_nothing(child):
    done = child(
        """
        import os, raddle
        def counted():  # (Threading makes locks of its own in a child.)
            rows = [row for row in raddle.stats() if row["made"] == "<string>:8"]
            return [row["acquisitions"] for row in rows]
        raddle.configure(profile=True)
        lock = threading.Lock()
        with lock: pass
        lock.acquire()
        pid = os.fork()
        if not pid:
            before = counted()
            lock.release()
            with lock: pass
            after = counted()
            print(before, after, flush=True)
            os._exit(0)
        os.waitpid(pid, 0)
        print(counted())
        """,
        "-Wignore",
    )
    assert done.stdout == "[] [1]\n[2]\n"


@pytest.mark.parametrize("profile", [1, None, "yes"])
def test_what_is_no_bool_is_refused(threading, profile):
    import raddle

    with pytest.raises(TypeError, match="profile is True or False, not "):
        raddle.configure(profile=profile)


# raddle run --profile

BANK = """\
import sys, threading

accounts = threading.Lock()

def transfer():
    with accounts:
        pass

accounts.acquire()
thread = threading.Thread(target=transfer)
thread.start()
while not accounts._waiting():
    pass
accounts.release()
thread.join()
print("done")
"""


def rows_of(path):
    return {row["name"]: row for row in json.loads(path.read_text())}


def test_a_table_says_what_was_waited_for_and_where(folder):
    folder.write(BANK)
    done = folder.run(*PROFILE, "app.py")
    assert (done.returncode, done.stdout) == (0, "done\n")
    lines = done.stderr.splitlines()
    assert lines[0] == "raddle: where threads waited for each other"
    heads, row, *places = lines[2:6]
    assert heads.split() == [
        *("lock", "taken", "contended", "waited"),
        *("max", "p99", "held", "max"),
    ]
    assert row.split()[:3] == ["accounts", "2", "1"]
    assert places[0].startswith("      waited ") and places[0].endswith(
        "at app.py:6 in transfer"
    )
    assert {line.rpartition(" from ")[2] for line in lines[5:7]} == {
        "app.py:6 in transfer",
        "app.py:9",
    }


def test_the_file_has_what_stats_returns(folder):
    folder.write(BANK + "import raddle, json; print(json.dumps(raddle.stats()))")
    done = folder.run(*RADDLE, "--profile=out.json", "app.py")
    path = folder.home / "out.json"
    assert done.stderr == f"raddle: the contention profile is in {path}\n"
    row = rows_of(path)["accounts"]
    assert row in json.loads(done.stdout.splitlines()[1])
    assert (row["acquisitions"], row["contended"], row["made"]) == (2, 1, "app.py:3")
    assert row["waiting"][0]["held_at"] == "app.py:9"


def test_speedscope_gets_a_stack_for_each_place_that_waited(folder):
    folder.write(BANK)
    done = folder.run(*RADDLE, "--profile=out.speedscope.json", "app.py")
    assert done.returncode == 0
    document = json.loads((folder.home / "out.speedscope.json").read_text())
    assert document["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    frames = document["shared"]["frames"]
    [profile] = document["profiles"]
    assert (profile["type"], profile["unit"], profile["startValue"]) == (
        "sampled",
        "seconds",
        0,
    )
    assert profile["name"] == "app.py: time spent waiting"
    assert len(profile["samples"]) == len(profile["weights"])
    assert profile["endValue"] == pytest.approx(sum(profile["weights"]))
    stacks = [[frames[number] for number in sample] for sample in profile["samples"]]
    assert [
        {"name": "transfer", "file": "app.py", "line": 6},
        {"name": "waits for accounts", "file": "app.py", "line": 3},
        {"name": "held since", "file": "app.py", "line": 9},
    ] in stacks


ENDS = {
    "sys.exit": ("sys.exit(3)", 3),
    "an exception": ("1 / 0", 1),
    "Ctrl-C": (
        "import os, signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "os.kill(os.getpid(), signal.SIGINT); threading.Event().wait()",
        -signal.SIGINT,
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_profile_is_told_however_the_program_ends(folder, end):
    code, status = ENDS[end]
    folder.write(BANK + code)
    plain = folder.run(*PLAIN, "-c", f"import sys, threading\nprint('done')\n{code}")
    done = folder.run(*RADDLE, "--profile=out.json", "app.py")
    assert done.returncode == plain.returncode == status
    assert done.stdout == "done\n"
    assert rows_of(folder.home / "out.json")["accounts"]["contended"] == 1


def test_it_is_told_after_the_programs_own_end(folder):
    folder.write(
        """
        import atexit, threading
        late = threading.Lock()

        def last():
            with late:
                print("last")

        def on():
            go.wait()
            with late:
                print("thread")

        atexit.register(last)
        go = threading.Event()
        threading.Thread(target=on).start()
        go.set()
        """
    )
    done = folder.run(*RADDLE, "--profile=out.json", "app.py")
    assert done.stdout == "thread\nlast\n"
    assert rows_of(folder.home / "out.json")["late"]["acquisitions"] == 2


def test_what_the_program_forks_or_starts_writes_nothing(folder):
    folder.write(
        """
        import os, subprocess, sys, threading
        ours = threading.Lock()
        with ours: pass
        CHILD = "import threading; theirs = threading.Lock(); theirs.acquire()"
        pid = os.fork()
        if not pid:
            theirs = threading.Lock()
            theirs.acquire()
            sys.exit()
        os.waitpid(pid, 0)
        subprocess.run([sys.executable, "-c", CHILD], check=True)
        subprocess.run([sys.executable, "-m", "raddle", "run", "-c", CHILD], check=True)
        print(os.path.exists("out.json"))
        """
    )
    done = folder.run(*RADDLE, "--profile=out.json", "-Wignore", "app.py")
    assert (done.returncode, done.stdout) == (0, "False\n")
    assert done.stderr.count("\n") == 1
    rows = rows_of(folder.home / "out.json")
    assert rows["ours"]["acquisitions"] == 1
    assert "theirs" not in rows


def test_a_program_that_is_not_there_leaves_the_last_profile_alone(folder):
    folder.write("kept", "out.json")
    done = folder.run(*RADDLE, "--profile=out.json", "ap.py")
    assert done.returncode == 2 and "can't open file" in done.stderr
    assert (folder.home / "out.json").read_text() == "kept"


def test_a_file_without_its_equals_sign_is_explained(folder):
    folder.write(BANK)
    folder.write("[null]", "out.json")  # Of an earlier run.
    done = folder.run(*PROFILE, "out.json", "app.py")
    assert done.returncode == 2 and done.stdout == ""
    told = "raddle: a profile's file comes after =, as in --profile=out.json\n"
    assert done.stderr.startswith(f"{told}\nusage: raddle run ")


def test_a_program_that_changes_the_folder_still_has_its_file(folder):
    (folder.home / "elsewhere").mkdir()
    folder.write("import os; os.chdir('elsewhere')")
    done = folder.run(*RADDLE, "--profile=out.json", "app.py")
    assert done.returncode == 0
    assert isinstance(json.loads((folder.home / "out.json").read_text()), list)


@pytest.mark.parametrize("order", [["--check", "--profile"], ["--profile", "--check"]])
def test_both_modes_go_together(folder, order):
    folder.write(
        """
        import threading
        a = threading.Lock()
        b = threading.Lock()
        with a, b: pass
        with b, a: pass
        """
    )
    done = folder.run(*RADDLE, *order, "-Xdev", "app.py")
    assert done.returncode == 0
    assert "raddle: lock order: " in done.stderr
    assert "raddle: where threads waited for each other\n" in done.stderr


@pytest.mark.parametrize("path", ["missing/out.json", ".", ""])
def test_a_path_that_cannot_be_written_is_refused_at_once(folder, path):
    folder.write("print('ran')")
    done = folder.run(*RADDLE, f"--profile={path}", "app.py")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"raddle: the profile cannot be written to {path!r}: " in done.stderr
    assert os.listdir(folder.home) == ["app.py"]


def test_an_older_file_is_kept_until_there_is_a_new_profile(folder):
    path = folder.home / "out.json"
    path.write_text("older")
    folder.write("print(open('out.json').read())")
    done = folder.run(*RADDLE, "--profile=out.json", "app.py")
    assert done.stdout == "older\n"
    assert isinstance(json.loads(path.read_text()), list)


def test_a_closed_stderr_changes_nothing(folder):
    folder.write(BANK + "sys.stderr.close(); sys.exit(5)")
    done = folder.run(*PROFILE, "app.py")
    assert (done.returncode, done.stdout) == (5, "done\n")


def test_without_the_option_nothing_is_told(folder):
    folder.write(BANK)
    assert folder.run(*RADDLE, "app.py").stderr == ""


def test_a_terminal_gets_the_table_from_rich(folder):
    pytest.importorskip("rich")
    pty = pytest.importorskip("pty")
    folder.write(BANK)
    ours, theirs = pty.openpty()
    with open(ours, "rb", buffering=0) as screen:
        process = subprocess.Popen(
            [*PROFILE, "app.py"],
            cwd=folder.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=theirs,
            env=environment(TERM="xterm"),
        )
        os.close(theirs)
        shown = b""
        try:
            while data := screen.read(4096):
                shown += data
        except OSError:
            pass  # That is how a terminal without a writer ends.
        assert process.communicate(timeout=PATIENCE)[0] == b"done\n"
    text = shown.decode()
    assert "raddle: where threads waited for each other" in text
    assert "─" in text
    assert "at app.py:6 in transfer" in text


# The parts of the table


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0"),
        (3e-7, "300 ns"),
        (1.5e-5, "15 us"),
        (0.0123, "12.3 ms"),
        (1.5, "1.5 s"),
        (123456, "123456 s"),
    ],
)
def test_times_are_written_as_people_do(seconds, text):
    from raddle._diagnose.contention import table

    assert table.duration(seconds) == text


def test_a_program_without_threads_has_an_empty_table():
    from raddle._diagnose.contention import table

    assert table.text([]) == (
        "raddle: where threads waited for each other\n\n  No thread waited for a lock.\n"
    )
