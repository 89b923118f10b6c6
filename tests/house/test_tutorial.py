"""The tutorial programs, unmodified: the same answer under plain python and raddle."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

FOLDER = ROOT / "examples" / "tutorial"
PATIENCE = 120  # seconds until a program counts as hung

EXPECTED = {
    "greet.py": "Starting a thread.\nHello from Ada!\nThe thread is done.\n",
    "tasks.py": (
        "task 0: 0\ntask 1: 1\ntask 2: 4\ntask 3: 9\ntask 4: 16\n"
        "task 5: 25\ntask 6: 36\ntask 7: 49\ntask 8: 64\ntask 9: 81\n"
        "10 threads, all finished: True\n"
    ),
    "workers.py": (
        "bobbin has 6 letters\nheddle has 6 letters\nraddle has 6 letters\n"
        "reed has 4 letters\nshuttle has 7 letters\ntreadle has 7 letters\n"
        "warp has 4 letters\nweft has 4 letters\n8 tasks done by 3 workers\n"
    ),
    "counter.py": "counter: 20000\n",
    "counter_with.py": "counter: 20000\n",
    "inputs.py": (
        "1: its divisors add up to 0\n"
        "6: its divisors add up to 6, a perfect number\n"
        "12: its divisors add up to 16\n"
        "28: its divisors add up to 28, a perfect number\n"
        "97: its divisors add up to 1\n"
        "496: its divisors add up to 496, a perfect number\n"
        "1000: its divisors add up to 1340\n"
        "8128: its divisors add up to 8128, a perfect number\n"
    ),
}

THREADS = {  # how many threads each program starts at least
    "greet.py": 1,
    "tasks.py": 10,
    "workers.py": 3,
    "counter.py": 2,
    "counter_with.py": 2,
    "inputs.py": 1,
}

# How many locks each program leaves to look at: its `lock`, or the one inside its queue.
LOCKS = {
    "greet.py": 0,
    "tasks.py": 0,
    "workers.py": 1,
    "counter.py": 1,
    "counter_with.py": 1,
    "inputs.py": 0,
}

LAUNCHERS = {
    "plain": [sys.executable],
    "raddle": [sys.executable, "-m", "raddle", "run"],
}
BOTH = ["plain", pytest.param("raddle", marks=pytest.mark.raddle_only)]

# Runs a program, then says where its threads began and of which types its locks were.
# The trace hook is called inside each new thread; the outermost frame there belongs to
# whoever bootstrapped the thread.
WITNESS = '''
import json, runpy, sys, threading

births = []

def hook(frame, event, arg):
    while frame.f_back is not None:
        frame = frame.f_back
    code = frame.f_code
    births.append((threading.current_thread().name, code.co_name, code.co_filename))

program = sys.argv[1]
threading.settrace(hook)
sys.stdout, keep = sys.stderr, sys.stdout
space = runpy.run_path(program, run_name="__main__")
sys.stdout = keep

def kind(thing):
    return f"{type(thing).__module__}.{type(thing).__qualname__}"

def genuine(lock):
    """Whether raddle itself makes locks of this type."""
    if "raddle" not in sys.modules:
        return False
    import raddle._raddle
    return type(lock) is type(raddle._raddle.allocate_lock())

locks = []
if "lock" in space:
    locks.append(space["lock"])
if "tasks" in space:
    locks.append(space["tasks"].mutex)
print(json.dumps({
    "births": births,
    "locks": [genuine(lock) for lock in locks],
    "start": threading.Thread.start.__code__.co_filename,
    "raddle": "raddle" in sys.modules and sys.modules["raddle"].installed(),
    "home": sys.modules["raddle.threading"].__file__ if "raddle" in sys.modules else None,
}))
'''


def run(command: list[str], *arguments: object) -> subprocess.CompletedProcess:
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "RADDLE"))
    }
    return subprocess.run(
        [*command, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment,
    )


def test_every_program_of_the_tutorial_is_listed():
    assert {path.name for path in FOLDER.glob("*.py")} == set(EXPECTED) == set(THREADS)


@pytest.mark.parametrize("launcher", BOTH)
@pytest.mark.parametrize("name", EXPECTED)
def test_program_prints_exactly_this(name, launcher):
    done = run(LAUNCHERS[launcher], FOLDER / name)
    assert (done.stdout, done.stderr, done.returncode) == (EXPECTED[name], "", 0)


@pytest.mark.parametrize("launcher", BOTH)
@pytest.mark.parametrize("name", ["counter.py", "counter_with.py"])
def test_counter_is_twenty_thousand_in_every_run(name, launcher):
    for _ in range(5):
        assert run(LAUNCHERS[launcher], FOLDER / name).stdout == "counter: 20000\n"


def witness(tmp_path: Path, name: str, launcher: str) -> dict:
    script = tmp_path / "witness.py"
    script.write_text(WITNESS)
    done = run(LAUNCHERS[launcher], script, FOLDER / name)
    assert done.returncode == 0, done.stderr
    assert done.stderr == EXPECTED[name]
    return json.loads(done.stdout)


@pytest.mark.raddle_only
@pytest.mark.parametrize("name", EXPECTED)
def test_under_raddle_threads_and_locks_are_raddles(name, tmp_path):
    seen = witness(tmp_path, name, "raddle")
    assert seen["raddle"] is True
    assert seen["start"] == seen["home"]
    assert {(where, file) for _, where, file in seen["births"]} == {
        ("_bootstrap", seen["home"])
    }
    assert len({thread for thread, _, _ in seen["births"]}) >= THREADS[name]
    assert seen["locks"] == [True] * LOCKS[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_under_plain_python_nothing_is_raddles(name, tmp_path):
    seen = witness(tmp_path, name, "plain")
    assert seen["raddle"] is False
    assert Path(seen["start"]).name == "threading.py"
    assert {file for _, _, file in seen["births"]} == {seen["start"]}
    assert True not in seen["locks"]
