"""raddle's command line: its own words, what it refuses, and what Ctrl-C does to it."""

import re
import signal
import subprocess
import sys
import time

import pytest
from programs import COMMAND, PATIENCE, PLAIN, RADDLE, environment

pytestmark = pytest.mark.raddle_only
STARTS = pytest.mark.parametrize(
    "by", [RADDLE, COMMAND], ids=["python -m raddle run", "raddle run"]
)


def test_a_word_that_says_nothing_about_deadlocks_is_refused(folder):
    done = folder.run(*RADDLE, "-c", "print(1)", env=environment(RADDLE_ON_DEADLOCK="rais"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "raddle: RADDLE_ON_DEADLOCK is one of report, raise, ignore, not 'rais'\n\nusage: "
    )
    done = folder.run(*RADDLE, "-c", "print(1)", env=environment(RADDLE_ON_DEADLOCK=""))
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


# Ctrl-C

WAITS = {
    "an event": "import threading; e = threading.Event(); say(); e.wait()",
    "an event with a timeout": "import threading; e = threading.Event(); say(); e.wait(900)",
    "a lock": "import threading; k = threading.Lock(); k.acquire(); say(); k.acquire()",
    "a condition": "import threading; c = threading.Condition()\nwith c: say(); c.wait()",
    "a queue": "import queue; q = queue.Queue(); say(); q.get()",
    "a thread": (
        "import threading; e = threading.Event()\n"
        "t = threading.Thread(target=e.wait, daemon=True); t.start(); say(); t.join()"
    ),
    "sleep": "import time; say(); time.sleep(900)",
    "nothing": "say()\nwhile True: pass",
}

SAY = "def say(): print('ready', flush=True)\n"


def task(pid):
    """Return the state letter of a process's main thread and how often it went to sleep."""
    with open(f"/proc/{pid}/task/{pid}/status") as lines:
        facts = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    return facts["State"][0], facts["voluntary_ctxt_switches"]


def settle(process):
    """Wait until the main thread sleeps, or seems to have nothing to sleep for.

    Plain python, too, misses a signal that lands between its last check and the sleep.
    """
    last, looks = None, 0
    for _ in range(int(PATIENCE / 0.002)):
        now = task(process.pid)
        looks = looks + 1 if now == last else 0
        if looks == 5:
            return
        last = now
        time.sleep(0.002)
    raise AssertionError(f"the program never settled; last seen: {last}")


def interrupted(command, home):
    """Start a program, press Ctrl-C once it is ready; return its end and its last words."""
    with subprocess.Popen(
        command,
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        try:
            assert process.stdout.readline() == "ready\n", process.stderr.read()
            settle(process)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            if process.poll() is None:
                process.kill()
    return process.returncode, out, err


@pytest.mark.parametrize("way", WAITS)
def test_ctrl_c_ends_the_program_as_under_plain_python(way, folder):
    name = folder.write(SAY + WAITS[way])
    code, out, err = interrupted([*RADDLE, name], folder.home)
    assert interrupted([*PLAIN, name], folder.home)[:2] == (code, out) == (-signal.SIGINT, "")
    assert err.startswith("Traceback (most recent call last):\n")
    assert f'File "{folder.home / name}", line' in err
    assert err.splitlines()[-1] == "KeyboardInterrupt"
    assert "cli.py" not in err and "__main__.py" not in err


@STARTS
@pytest.mark.parametrize("way", ["script", "module", "text"])
def test_ctrl_c_gives_the_same_exit_status_however_started(way, by, folder):
    name = folder.write(SAY + WAITS["an event"])
    arguments = {
        "script": [name],
        "module": ["-m", "app"],
        "text": ["-c", SAY + WAITS["sleep"]],
    }
    code, _, err = interrupted([*by, *arguments[way]], folder.home)
    assert code == -signal.SIGINT
    assert err.splitlines()[-1] == "KeyboardInterrupt"


def test_ctrl_c_can_be_caught(folder):
    name = folder.write(
        SAY
        + "import threading\n"
        + "try: say(); threading.Event().wait()\n"
        + "except KeyboardInterrupt: print('caught')\n"
    )
    for by in (RADDLE, PLAIN):
        assert interrupted([*by, name], folder.home) == (0, "caught\n", "")


# What cannot be run


def words(text):
    """Leave out the prefix of an error: python's executable, or `raddle`."""
    return text.partition(": ")[2]


@pytest.mark.parametrize(
    "arguments",
    [["missing.py"], ["missing.py", "a"], ["no/such/folder/x.py"], ["empty"], ["locked.py"]],
    ids=str,
)
def test_what_is_no_program_is_refused_as_by_python(arguments, folder):
    (folder.home / "empty").mkdir()
    (folder.home / "locked.py").symlink_to("locked.py")  # a link to itself cannot be opened
    ours, theirs = (folder.run(*by, *arguments) for by in (RADDLE, PLAIN))
    assert ours.returncode == theirs.returncode
    assert words(ours.stderr) == words(theirs.stderr) != ""
    assert "Traceback" not in ours.stderr
    assert ours.stdout == ""


@pytest.mark.parametrize("name", ["no_such_module", "no_such_package.module", "pack"])
def test_what_is_no_module_is_refused_as_by_python(name, folder):
    folder.write("", "pack/__init__.py")
    ours, theirs = (folder.run(*by, "-m", name) for by in (RADDLE, PLAIN))
    assert ours.returncode == theirs.returncode == 1
    assert words(ours.stderr) == words(theirs.stderr) != ""
    assert "Traceback" not in ours.stderr


# raddle's own command line


def speak(folder, *arguments):
    return {
        "module": folder.run(sys.executable, "-m", "raddle", *arguments),
        "command": folder.run(COMMAND[0], *arguments),
    }


@pytest.mark.parametrize("way", ["module", "command"])
def test_version_is_printed(way, folder):
    import raddle

    done = speak(folder, "--version")[way]
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(rf"raddle {re.escape(raddle.__version__)}\b.*\n", done.stdout)


@pytest.mark.parametrize("way", ["module", "command"])
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_shows_how_to_run_a_script_and_a_module(way, flag, folder):
    done = speak(folder, flag)[way]
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"raddle run .*\.py", done.stdout)
    assert re.search(r"raddle run .*-m ", done.stdout)


@pytest.mark.parametrize("way", ["module", "command"])
@pytest.mark.parametrize("arguments", [[], ["run"]], ids=str)
def test_too_few_arguments_show_the_usage(way, arguments, folder):
    done = speak(folder, *arguments)[way]
    assert done.returncode == 2
    assert "raddle run" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["run", "-m"], ["run", "-c"]], ids=str)
def test_an_option_without_its_argument_is_refused(arguments, folder):
    done = speak(folder, *arguments)["module"]
    assert done.returncode == 2
    assert arguments[-1] in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["walk", "app.py"], ["--fast"], ["run", "--fast", "app.py"]], ids=str
)
def test_unknown_words_are_named_and_the_usage_shown(arguments, folder):
    done = speak(folder, *arguments)["module"]
    assert done.returncode == 2
    word = next(word for word in arguments if word != "run")
    assert word in done.stderr and "usage" in done.stderr.lower()
    assert "Traceback" not in done.stderr


MEANT = {
    "run --chek app.py": "run has no option '--chek'; did you mean --check?",
    "run --profle=x app.py": "run has no option '--profle=x'; did you mean --profile?",
    "run -u --check app.py": "--check comes before the options for Python",
    "app.py": "there is no command 'app.py'; did you mean `raddle run app.py`?",
    "app.py 1": "there is no command 'app.py'; did you mean `raddle run app.py …`?",
    "-m http.server": "there is no option '-m'; did you mean `raddle run -m …`?",
    "version": "there is no command 'version'; did you mean `raddle --version`?",
    "--check app.py": "there is no option '--check'; did you mean `raddle run --check app.py`?",
    "rnu app.py": "there is no command 'rnu'; did you mean run?",
    "dmup 12": "there is no command 'dmup'; did you mean dump?",
    "--vresion": "there is no option '--vresion'; did you mean --version?",
    "frobnicate": "there is no command 'frobnicate'",
}


@pytest.mark.parametrize("line", MEANT)
def test_what_was_meant_is_said_first_and_the_usage_last(line, folder):
    done = speak(folder, *line.split())["module"]
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"raddle: {MEANT[line]}\n\nusage: raddle run ")


def test_options_of_python_are_left_to_python(folder):
    for options in (["--check-hash-based-pycs", "never"], ["-X", "--chek"], ["-W", "ignore"]):
        done = folder.run(*RADDLE, *options, "-c", "import sys; print(sys.argv[1:])", "--chek")
        assert (done.returncode, done.stdout, done.stderr) == (0, "['--chek']\n", "")


@pytest.mark.parametrize("closed", [1, 2])
@pytest.mark.parametrize(
    "arguments",
    [["run", "app.py"], ["--version"], ["--help"], ["walk"], ["dump", "1"]],
    ids=str,
)
def test_a_closed_stream_is_no_error(closed, arguments, folder):
    folder.write(
        "import os; os.write(3 - CLOSED, b'ran')".replace("CLOSED", str(closed)), "app.py"
    )
    command = [sys.executable, "-m", "raddle", *arguments]
    shell = ["sh", "-c", f'exec "$@" {closed}>&-', "sh", *command]
    done = folder.run(*shell)
    assert "Traceback" not in done.stderr + done.stdout
    assert done.returncode == {"walk": 2, "dump": 1}.get(arguments[0], 0)
    if arguments[0] == "run":
        assert done.stdout + done.stderr == "ran"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_run_alone_in_a_terminal_is_a_prompt(folder):
    import os
    import pty

    ours, theirs = pty.openpty()
    program = b"import threading, raddle; print(raddle.installed(), 6 * 7)\nexit(7)\n"
    environ = environment(TERM="dumb", PYTHON_BASIC_REPL="1")
    process = subprocess.Popen(
        RADDLE, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, cwd=folder.home
    )
    os.close(theirs)
    os.write(ours, program)
    said = b""
    while b"True 42" not in said:
        said += os.read(ours, 1024)
    assert process.wait(PATIENCE) == 7
    os.close(ours)


def test_help_after_the_script_belongs_to_the_script(folder):
    name = folder.write("import argparse\nargparse.ArgumentParser(prog='mine').parse_args()")
    assert folder.same(name, "--help")["out"].startswith("usage: mine")
