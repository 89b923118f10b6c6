"""`raddle run --profile=out-%p.json`: a file for each process; SIGTERM; waits that go on."""

import json
import re
import signal
import subprocess

import pytest
from programs import PATIENCE, RADDLE, environment

pytestmark = pytest.mark.raddle_only

EACH = [*RADDLE, "--profile=out-%p.json"]


def profiles(folder):
    """Return the rows of each file by the process id in its name."""
    found = {}
    for path in folder.home.glob("out-*.json"):
        found[int(path.stem.removeprefix("out-"))] = json.loads(path.read_text())
    return found


def named(rows, name):
    """Return the row of a lock that the program calls so."""
    [row] = [row for row in rows if row["name"] == name]
    return row


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("a-%p.json", "a-{pid}.json"),
        ("a-%%p.json", "a-%p.json"),
        ("%%%p%%.json", "%{pid}%.json"),
        ("100%.json", "100%.json"),
    ],
)
def test_what_stands_for_the_process_id(target, shown, folder):
    code = "import os; print(os.getpid())"
    done = folder.run(*RADDLE, f"--profile={target}", "-c", code)
    path = folder.home / shown.format(pid=done.stdout.strip())
    assert done.stderr == f"raddle: the contention profile is in {path}\n"
    assert [each.name for each in folder.home.iterdir()] == [path.name]


FORKED = """
    import os, subprocess, sys, threading
    parent = threading.Lock()
    parent.acquire()
    pid = os.fork()
    if not pid:
        forked = threading.Lock()
        forked.acquire()
        sys.exit()
    os.waitpid(pid, 0)
    print(os.getpid(), pid, flush=True)
    subprocess.run([sys.executable, "child.py"], check=True)
    """


CHILD = """
    import os, threading
    child = threading.Lock()
    child.acquire()
    print(os.getpid())
    """


def test_what_the_program_forks_or_starts_has_files_of_its_own(folder):
    folder.write(CHILD, "child.py")
    done = folder.run(*EACH, "-Wignore", folder.write(FORKED))
    parent, forked, child = map(int, done.stdout.split())
    rows = profiles(folder)
    assert rows.keys() == {parent, forked, child}
    names = {"parent": parent, "forked": forked, "child": child}
    for name, pid in names.items():
        assert named(rows[pid], name)["acquisitions"] == 1
        assert not {each["name"] for each in rows[pid]} & (names.keys() - {name})
    assert done.stderr.count("raddle: the contention profile is in ") == 3


MULTI = """
    import multiprocessing, sys, threading, time

    def work():
        mine = threading.Lock()
        mine.acquire()

    def serve(ready):
        mine = threading.Lock()
        mine.acquire()
        ready.set()
        time.sleep(900)

    if __name__ == "__main__":
        context = multiprocessing.get_context(sys.argv[1])
        worker = context.Process(target=work)
        worker.start()
        worker.join()
        ready = context.Event()
        server = context.Process(target=serve, args=(ready,))
        server.start()
        ready.wait()
        server.terminate()
        server.join()
        print(worker.pid, worker.exitcode, server.pid, server.exitcode)
    """


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_so_do_the_children_of_multiprocessing(method, folder):
    done = folder.run(*EACH, "-Wignore", folder.write(MULTI), method)
    worker, ended, server, terminated = map(int, done.stdout.split())
    assert (ended, terminated) == (0, -signal.SIGTERM)
    rows = profiles(folder)
    for pid in (worker, server):
        assert named(rows[pid], "mine")["acquisitions"] == 1


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_without_a_process_id_the_first_process_alone_writes(method, folder):
    command = [*RADDLE, "--profile=out-1.json", "-Wignore", folder.write(MULTI), method]
    done = folder.run(*command)
    assert done.stdout.split()[1::2] == ["0", str(-signal.SIGTERM)]
    assert [path.name for path in folder.home.glob("*.json")] == ["out-1.json"]
    assert done.stderr.count("raddle: the contention profile is in ") == 1
    assert "mine" not in {row["name"] for row in profiles(folder)[1]}


SERVES = """
    import os, signal, sys, threading, time
    taken = threading.Lock()
    never = threading.Event()

    def hold():
        with taken:
            never.wait()

    def want():
        with taken:
            pass

    def tick():
        while never._waiting() < {waiters}:
            time.sleep(0.001)
        os.write(1, b"ready\\n")
        while True:
            time.sleep(0.05)

    def start(target, ready):
        threading.Thread(target=target, daemon=True).start()
        while not ready():
            time.sleep(0.001)

    start(hold, taken.locked)
    start(want, lambda: taken._waiting() == 1)
    {prepare}
    start(tick, lambda: True)
    {wait}
    """
WAITS = {
    "an event": ("never.wait()", 2),
    "sleep": ("time.sleep(900)", 1),
    "a loop": ("while True: pass", 1),
}


def serving(wait, waiters=1, prepare="pass"):
    """Return a program with two threads that wait, and what its main thread does meanwhile."""
    facts = {"wait": wait, "waiters": str(waiters), "prepare": prepare}
    return re.sub(r"\{(\w+)\}", lambda found: facts[found[1]], SERVES)


@pytest.mark.parametrize("way", WAITS)
@pytest.mark.parametrize("target", ["=out.json", ""])
def test_sigterm_ends_the_program_when_the_profile_is_told(way, target, folder):
    command = [*RADDLE, f"--profile{target}", folder.write(serving(*WAITS[way]))]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=folder.home, stdout=pipe, stderr=pipe, text=True, env=environment()
    ) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, out) == (-signal.SIGTERM, "")
    if not target:
        assert "raddle: where threads waited for each other" in err
        assert "at app.py:11 in want" in err
        return
    rows = json.loads((folder.home / "out.json").read_text())
    row = named(rows, "taken")
    assert (row["acquisitions"], row["contended"]) == (1, 1)
    [site] = row["waiting"]
    assert (site["at"], site["held_at"], site["count"]) == ("app.py:11", "app.py:7", 1)
    assert 0 < site["total"] == row["waited"]["total"] == row["waited"]["max"]
    events = {each["waiting"][0]["at"] for each in rows if each["kind"] == "event"}
    # (Thread.start() waits for an event of its own.)
    expected = {"app.py:8", "app.py:30"} if way == "an event" else {"app.py:8"}
    assert events & {"app.py:8", "app.py:30"} == expected


LATE = """
    import os, signal, sys, threading
    taken = threading.Lock()
    taken.acquire()

    def again(event, arguments):
        if event == "open" and str(arguments[0]).endswith("out.json"):
            os.kill(os.getpid(), signal.SIGTERM)

    sys.addaudithook(again)
    if sys.argv[1:]:
        os.kill(os.getpid(), signal.SIGTERM)
    """


@pytest.mark.parametrize("twice", [[], ["twice"]])
def test_a_signal_that_comes_as_the_profile_is_written_ends_the_program_then(twice, folder):
    done = folder.run(*RADDLE, "--profile=out.json", folder.write(LATE), *twice)
    path = folder.home / "out.json"
    assert done.returncode == -signal.SIGTERM
    assert done.stderr == f"raddle: the contention profile is in {path}\n"
    assert named(json.loads(path.read_text()), "taken")["acquisitions"] == 1


def test_a_handler_that_the_program_sets_wins(folder):
    own = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(4))"
    source = serving("os.kill(os.getpid(), signal.SIGTERM); time.sleep(900)", prepare=own)
    done = folder.run(*RADDLE, "--profile=out.json", folder.write(source))
    assert done.returncode == 4
    assert named(json.loads((folder.home / "out.json").read_text()), "taken")["contended"] == 1


def test_an_ignored_sigterm_stays_ignored(folder):
    source = "import signal\nprint(signal.getsignal(signal.SIGTERM) == signal.SIG_IGN)\n"
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        done = folder.run(*RADDLE, "--profile=out.json", folder.write(source))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert done.stdout == "True\n"


@pytest.mark.parametrize("end", ["pass", "sys.exit(3)"])
def test_a_thread_that_still_waits_at_the_end_is_counted(end, folder):
    source = serving(end, 9)
    done = folder.run(*RADDLE, "--profile", folder.write(source))
    assert "No thread waited" not in done.stderr
    assert "at app.py:11 in want" in done.stderr


def test_a_wait_that_goes_on_counts_from_when_it_was_switched_on(threading, spawn, until):
    import raddle

    early, late = threading.Event(), threading.Event()

    def here(event):
        return event.wait()

    def waits():
        kinds = [row for row in raddle.stats() if row["kind"] == "event"]
        return [row for row in kinds if row["waiting"][0]["function"].endswith("here")]

    first = spawn(here, early)
    until(lambda: early._waiting() == 1)
    raddle.configure(profile=True)
    try:
        second = spawn(here, late)
        until(lambda: late._waiting() == 1)
        [row] = waits()
        assert row["contended"] == row["waiting"][0]["count"] == 2
        longest = row["waited"]["max"]
        assert 0 < longest <= row["waited"]["total"] <= 2 * longest
        late.set()
        second.end()
        [row] = waits()
        assert row["contended"] == 2 and row["waited"]["max"] > longest
    finally:
        early.set()
        late.set()
        first.end()
        raddle.configure(profile=False)


def test_a_file_that_cannot_be_written_is_refused_by_its_real_name(folder):
    (folder.home / "out-%").mkdir()
    done = folder.run(*RADDLE, "--profile=out-%%", "-c", "print(1)")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the profile cannot be written to 'out-%%': Is a directory" in done.stderr


def test_the_environment_of_a_plain_python_is_left_alone(folder):
    """A program that `raddle run` starts without raddle writes nothing."""
    source = """
        import os, subprocess, sys
        child = {**os.environ, "RADDLE": "0"}
        subprocess.run([sys.executable, "-c", "import threading"], env=child, check=True)
        print(os.getpid())
        """
    done = folder.run(*EACH, folder.write(source))
    assert list(profiles(folder)) == [int(done.stdout)]
