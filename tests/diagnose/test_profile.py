"""`raddle run --profile`: how the contention profile is told."""

import json
import os
import signal
import subprocess

import pytest
from programs import PATIENCE, PLAIN, RADDLE, environment

pytestmark = pytest.mark.raddle_only

PROFILE = [*RADDLE, "--profile"]

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
