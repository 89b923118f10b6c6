"""Thread dumps: `raddle.dump()`, Ctrl-\\ under `raddle run`, and `raddle dump PID`."""

import io
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from asking import DUMP, HANGS, ask, ask_until, quit_until, refused, running
from programs import PATIENCE, PLAIN, RADDLE, environment

pytestmark = pytest.mark.raddle_only


def test_dump_shows_every_thread_of_this_process(held, asleep):
    import raddle

    asleep(held.spawned)
    out = io.StringIO()
    raddle.dump(out)
    text = out.getvalue()
    assert re.match(r"raddle: \d+ threads of process \d+ \(.*\), at [\d:]{8}, Python 3\.", text)
    assert f"{held.thread.name} (ident {held.thread.ident}, native id" in text
    assert "MainThread (ident" in text and "asked for this dump" in text
    assert re.search(r"test_dump\.py:\d+ in test_dump_shows_every_thread_of_this_process", text)
    assert re.search(r"conftest\.py:\d+ in Held\.run\n +assert self\.go\.wait\(60\)", text)


def test_dump_goes_to_stderr_by_default(capfd):
    import raddle

    raddle.dump()
    assert "MainThread" in capfd.readouterr().err


def test_daemons_are_told(spawn, threading, asleep):
    import raddle

    go = threading.Event()
    waiting = spawn(go.wait)
    asleep(waiting)
    out = io.StringIO()
    raddle.dump(out)
    go.set()
    assert re.search(rf"\(ident {waiting.ident}, native id \d+, daemon\)", out.getvalue())


def test_the_dump_uses_the_names_that_the_program_gave(threading, queue, spawn, asleep):
    import raddle

    event, jobs = threading.Event(name="closing time"), queue.SimpleQueue(name="the jobs")
    waiting = [spawn(event.wait), spawn(jobs.get)]
    asleep(*waiting)
    out = io.StringIO()
    raddle.dump(out)
    event.set()
    jobs.put(None)
    assert "waits for closing time to be set (Event)" in out.getvalue()
    assert "waits for an item in the jobs (SimpleQueue)" in out.getvalue()


WAITS = """
import threading
lock, event = threading.Lock(), threading.Event()

def hold():
    with lock:
        event.wait(900)

def want():
    with lock:
        pass

holder = threading.Thread(target=hold, name="holder", daemon=True)
holder.start()
while not lock.locked():
    pass
wanter = threading.Thread(target=want, name="wanter")
wanter.start()
say()
wanter.join()
"""


def test_the_dump_says_who_waits_for_what_and_who_holds_it(folder, home):
    with running(RADDLE, folder, home, WAITS) as process:
        text = ask_until("wanter (", process.pid, home).stdout
        limit = time.monotonic() + PATIENCE
        while "held by" not in text or "wanter.join()" not in text:
            assert time.monotonic() < limit, text
            text = ask(process.pid, home).stdout
    facts = r"\(ident \d+, native id \d+\)"
    assert re.search(rf"MainThread {facts} .*\n      app\.py:\d+ in <module>\n", text)
    assert re.search(
        rf"wanter {facts} waits for lock \(Lock\), held by holder, for \d+\.\d s\n", text
    )
    assert re.search(
        r"holder \(.*, daemon\) waits for event to be set \(Event\), for \d+\.\d s, with a "
        r"timeout\n      holds lock \(app\.py:7\)\n      app\.py:8 in hold\n",
        text,
    )


@pytest.mark.parametrize("way", HANGS)
def test_a_program_that_hangs_shows_its_threads_when_asked(way, folder, home):
    source, line = HANGS[way]
    with running(RADDLE, folder, home, source) as process:
        for _ in range(2):
            done = ask_until(line, process.pid, home)
            assert "MainThread" in done.stdout
            assert re.search(rf"app\.py:\d+ in <module>\n +.*{re.escape(line)}", done.stdout)
            assert "signal_handler.py" not in done.stdout
        assert process.poll() is None
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("way", HANGS)
def test_sigquit_prints_the_threads_and_the_program_goes_on(way, folder, home):
    source, line = HANGS[way]
    with running(RADDLE, folder, home, source) as process:
        for _ in range(2):
            text = quit_until(line, process)
            assert "raddle: " in text and "MainThread" in text
        assert process.poll() is None


def test_a_program_that_goes_on_was_not_disturbed(folder, home):
    fifo = folder.home / "fifo"
    os.mkfifo(fifo)
    source = "say()\nprint(open('fifo').read())\n"
    with running(RADDLE, folder, home, source) as process:
        quit_until("open('fifo')", process)
        ask_until("open('fifo')", process.pid, home)
        fifo.write_text("end")
        out, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, b"end\n")


def test_a_handler_that_the_program_sets_wins(folder, home):
    source = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGQUIT, lambda *_: os.write(1, b'own\\n'))\n"
        "say()\ntime.sleep(900)\n"
    )
    with running(RADDLE, folder, home, source) as process:
        process.send_signal(signal.SIGQUIT)
        assert process.stdout.readline() == b"own\n"
        # And asking does not run it: that has a signal of its own.
        ask_until("time.sleep(900)", process.pid, home)
        process.kill()
        assert process.stdout.read() == b""


def test_an_ignored_sigquit_stays_ignored(folder, home):
    source = "import signal\nprint(signal.getsignal(signal.SIGQUIT) == signal.SIG_IGN)\n"
    before = signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    try:
        done = folder.run(*RADDLE, folder.write(source))
    finally:
        signal.signal(signal.SIGQUIT, before)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_children_have_no_handler_of_raddles(folder):
    name = folder.write(
        "import subprocess, sys\n"
        "show = 'import signal; print(signal.getsignal(signal.SIGQUIT) == signal.SIG_DFL)'\n"
        "exec(show)\n"
        "sys.stdout.flush()\n"
        "subprocess.run([sys.executable, '-c', show], check=True)\n"
    )
    assert folder.run(*RADDLE, name).stdout == "False\nTrue\n"


def test_a_forked_child_can_be_asked(folder, home):
    source = (
        "import os, time\n"
        "if os.fork():\n    os.wait()\n"
        "else:\n    print(os.getpid(), flush=True)\n    time.sleep(900)\n"
    )
    name = folder.write(source)
    env = environment(XDG_RUNTIME_DIR=str(home))
    with subprocess.Popen(
        [*RADDLE, name], cwd=folder.home, stdout=subprocess.PIPE, env=env
    ) as process:
        child = int(process.stdout.readline())
        try:
            ask_until("time.sleep(900)", child, home)
        finally:
            os.kill(child, signal.SIGKILL)
        process.wait(PATIENCE)


# What cannot be asked


def test_a_process_that_is_not_raddles_is_left_alone(folder, home):
    with running(PLAIN, folder, home, HANGS["sleep"][0]) as process:
        refused(ask(process.pid, home), "does not run under `raddle run`")
        assert process.poll() is None
    assert list(home.iterdir()) == []


def test_a_child_with_raddle_in_its_environment_is_left_alone(folder, home):
    with running(PLAIN, folder, home, HANGS["sleep"][0], RADDLE="1") as process:
        refused(ask(process.pid, home), "does not run under `raddle run`")
        assert process.poll() is None


def test_a_program_that_replaced_itself_is_left_alone(folder, home):
    source = "import os\nos.execvp('sh', ['sh', '-c', 'echo ready; exec sleep 900'])\n"
    with running(RADDLE, folder, home, source) as process:
        refused(ask(process.pid, home), "does not run under `raddle run`")
        assert process.poll() is None


def test_a_program_that_took_the_handler_out_is_left_alone(folder, home):
    source = (
        "import os, signal, time\n"
        "for each in signal.valid_signals():\n"
        "    if callable(signal.getsignal(each)):\n"
        "        signal.signal(each, signal.SIG_DFL)\n"
        "say()\ntime.sleep(900)\n"
    )
    with running(RADDLE, folder, home, source) as process:
        refused(ask(process.pid, home), "does not run under `raddle run`")
        assert process.poll() is None


def test_a_process_that_has_ended_does_not_exist(folder, home):
    with subprocess.Popen([*PLAIN, "-c", ""]) as process:
        process.wait(PATIENCE)
    refused(ask(process.pid, home), f"there is no process {process.pid}")


def test_a_zombie_has_ended(folder, home):
    with subprocess.Popen([*PLAIN, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        refused(ask(process.pid, home), "has ended")


@pytest.mark.parametrize("word", ["0", "-5", "app.py", "", "1e3", "99999999999999999999"])
def test_what_is_no_process_id_is_refused(word, home):
    refused(ask(word, home), "process")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user, which root can become")
def test_another_users_process_is_refused(folder, home):
    with running(RADDLE, folder, home, HANGS["sleep"][0]) as process:
        os.chmod(folder.home, 0o755)
        try:
            done = subprocess.run(
                [*DUMP, str(process.pid)],
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                user=65534,
                env=environment(HOME="/"),
            )
        except PermissionError:
            pytest.skip("another user cannot run this interpreter here")
        refused(done, "belongs to", "who alone may ask it")
        assert process.poll() is None


def test_a_stopped_process_is_not_waited_for(folder, home):
    with running(RADDLE, folder, home, HANGS["sleep"][0]) as process:
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        refused(ask(process.pid, home), "is stopped")


SILENT = (
    "import os, signal, time\n"
    "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
    "say()\ntime.sleep(900)\n"
)


def impatient(pid, home, patience):
    """Ask with another patience; return the asker's process."""
    code = (
        "from raddle._diagnose.dump import client\n"
        f"raise SystemExit(client.dump('{pid}', {patience}))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(XDG_RUNTIME_DIR=str(home)),
    )


def appeared(home):
    """Wait until an asker's file is there."""
    limit = time.monotonic() + PATIENCE
    while not (found := [*home.glob("raddle-*/*")]):
        assert time.monotonic() < limit
        time.sleep(0.005)
    return found[0]


def test_who_does_not_answer_is_given_up_and_nothing_is_left(folder, home):
    with running(RADDLE, folder, home, SILENT) as process:
        asker = impatient(process.pid, home, 0.5)
        out, err = asker.communicate(timeout=PATIENCE)
        assert (asker.returncode, out) == (1, "") and "did not answer within 0.5 s" in err
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_an_asker_that_is_interrupted_leaves_nothing(number, code, folder, home):
    with running(RADDLE, folder, home, SILENT) as process:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            asker = impatient(process.pid, home, PATIENCE)
        finally:
            signal.signal(signal.SIGINT, before)
        appeared(home)
        asker.send_signal(number)
        out, err = asker.communicate(timeout=PATIENCE)
        assert (asker.returncode, out, err) == (code, "", "")
    assert list(home.iterdir()) == []


def test_an_asker_that_is_ended_as_it_makes_the_file_leaves_nothing(folder, home):
    code = """
        import os, signal, sys
        from raddle._diagnose.dump import client

        def open_and_end(*args, dir_fd=None, **rest):
            file = really(*args, dir_fd=dir_fd, **rest)
            if dir_fd is not None:
                os.kill(os.getpid(), signal.SIGTERM)
            return file

        really, os.open = os.open, open_and_end
        client.dump(sys.argv[1])
        """
    folder.write(code, "asker.py")
    with running(RADDLE, folder, home, SILENT) as process:
        place = environment(XDG_RUNTIME_DIR=str(home))
        done = folder.run(*PLAIN, "asker.py", process.pid, env=place)
        assert (done.returncode, done.stdout, done.stderr) == (143, "", "")
    assert list(home.iterdir()) == []


def test_the_file_and_its_folder_are_the_users_alone(folder, home):
    with running(RADDLE, folder, home, SILENT) as process:
        asker = impatient(process.pid, home, PATIENCE)
        file = appeared(home)
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700
        process.kill()
        out, err = asker.communicate(timeout=PATIENCE)
        assert (asker.returncode, out) == (1, "") and "ended before it answered" in err
    assert list(home.iterdir()) == []


def test_two_askers_do_not_share_an_answer(folder, home):
    with running(RADDLE, folder, home, SILENT) as process:
        asker = impatient(process.pid, home, PATIENCE)
        appeared(home)
        limit = time.monotonic() + PATIENCE
        # (It may have made the file and not have locked it yet.)
        while "another `raddle dump" not in (done := ask(process.pid, home)).stderr:
            assert time.monotonic() < limit, done
        process.kill()
        asker.communicate(timeout=PATIENCE)
    assert list(home.iterdir()) == []


def test_a_file_left_by_an_asker_that_was_killed_is_used_again(folder, home):
    with running(RADDLE, folder, home, HANGS["sleep"][0]) as process:
        place = home / f"raddle-{os.geteuid()}"
        place.mkdir(mode=0o700)
        left = place / str(process.pid)
        left.touch(mode=0o600)
        left.write_text("old news" * 10_000)
        done = ask(process.pid, home)
        assert done.returncode == 0 and "old news" not in done.stdout
    assert list(home.iterdir()) == []


def test_a_folder_that_others_may_enter_is_refused(folder, home):
    (home / f"raddle-{os.geteuid()}").mkdir(mode=0o755)
    with running(RADDLE, folder, home, HANGS["sleep"][0]) as process:
        refused(ask(process.pid, home), "not a private folder")
        assert process.poll() is None


@pytest.mark.parametrize("kind", ["a link", "a file that others may read"])
def test_a_program_writes_into_no_file_but_the_askers(kind, folder, home):
    from raddle._diagnose.dump import signal_handler

    with running(RADDLE, folder, home, HANGS["sleep"][0]) as process:
        place = home / f"raddle-{os.geteuid()}"
        place.mkdir(mode=0o700)
        target = home / "precious"
        target.touch(mode=0o600)
        trap = place / str(process.pid)
        if kind == "a link":
            trap.symlink_to(target)
        else:
            trap.touch(mode=0o644)
        process.send_signal(signal_handler.number())
        process.send_signal(signal.SIGQUIT)
        # Two dumps later, the first signal has certainly been seen to.
        quit_until("time.sleep(900)", process)
        quit_until("time.sleep(900)", process)
        assert target.read_text() == "" and trap.exists()
        assert trap.is_symlink() or trap.read_text() == ""


def test_a_timer_waits_for_its_time_in_a_dump(threading, asleep):
    import raddle

    timer = threading.Timer(900, print)
    timer.name = "reminder"
    timer.start()
    try:
        asleep(timer)
        text = io.StringIO()
        raddle.dump(text)
    finally:
        timer.cancel()
        timer.join()
    [line] = [each for each in text.getvalue().splitlines() if each.startswith("  reminder ")]
    assert ") waits for its time, for " in line and line.endswith(", with a timeout")
