"""`raddle explore`, `raddle replay` and `pytest --raddle-explore`, as a user types them."""

import re
import sys

import programs
import pytest

pytestmark = pytest.mark.raddle_only

RADDLE = [sys.executable, "-m", "raddle"]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
BANK = """
import threading

class Account:
    def __init__(self):
        self.lock, self.balance = threading.Lock(), 0

    def deposit(self, amount):
        with self.lock:
            balance = self.balance
        with self.lock:
            self.balance = balance + amount

def deposits(account):
    threads = [threading.Thread(target=account.deposit, args=[5], name=name) for name in "ab"]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return account.balance
"""
PROGRAM = BANK + "assert deposits(Account()) == 10\nprint('fine')\n"
TESTS = """
import threading, time
import pytest
from bank import Account, deposits

@pytest.fixture
def account():
    return Account()

def test_deposits(account):
    assert deposits(account) == 10

def test_no_threads():
    runs.append(1)
    assert len(runs) == 1

@pytest.mark.raddle_explore(runs=5)
def test_marked(account):
    runs.append(2)

def test_hour():
    began = time.monotonic()
    time.sleep(3600)
    assert time.monotonic() - began == pytest.approx(3600)

runs = []
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "bank.py").write_text(BANK)
    (tmp_path / "app.py").write_text(PROGRAM)
    (tmp_path / "test_bank.py").write_text(TESTS)
    return tmp_path


def test_a_program_s_outcomes_are_told_and_come_again(folder):
    done = programs.run(*RADDLE, "explore", "--runs", "40", "app.py", cwd=folder)
    assert done.returncode == 1, programs.seen(done)
    lines = done.stdout.splitlines()
    assert lines[0] == "raddle: 40 schedules, 2 outcomes"
    assert any("exit code 0" in line for line in lines)
    at = next(n for n, line in enumerate(lines) if "AssertionError" in line)
    _, _, schedule, name = lines[at + 1].split()
    again = programs.run(*RADDLE, "replay", schedule, name, cwd=folder)
    assert again.returncode == 1 and again.stdout == "", programs.seen(again)
    assert "AssertionError" in again.stderr
    rows = [line.split() for line in again.stderr.splitlines()]
    assert ["MainThread", "a", "b"] in map(sorted, rows)


def test_a_program_without_threads_has_one_schedule(folder):
    (folder / "plain.py").write_text("print('one')\n")
    done = programs.run(*RADDLE, "explore", "plain.py", cwd=folder)
    assert done.returncode == 0, programs.seen(done)
    assert done.stdout.startswith("raddle: 1 schedule, 1 outcome\n")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["explore"], "explore needs a program"),
        (["explore", "--runs", "none", "app.py"], "--runs is a number above 0"),
        (["explore", "--luck", "app.py"], "explore has no option"),
        (["replay", "app.py"], "replay needs a token"),
        (["replay", "r9", "app.py"], "is no schedule"),
    ],
)
def test_a_mistaken_command_is_told(folder, words, why):
    done = programs.run(*RADDLE, *words, cwd=folder)
    assert done.returncode == 2 and why in done.stderr, programs.seen(done)


def test_tests_are_explored_and_a_failure_comes_again(folder):
    done = programs.run(*PYTEST, "--raddle-explore", "test_bank.py", cwd=folder)
    assert done.returncode == 1, programs.seen(done)
    assert "1 failed, 3 passed" in done.stdout
    assert "fails, with 1 preemption:" in done.stdout
    word, test = re.search(r"--raddle-replay=(\S+) '([^']+)'", done.stdout).groups()
    assert test == "test_bank.py::test_deposits"
    again = programs.run(*PYTEST, f"--raddle-replay={word}", test, cwd=folder)
    assert again.returncode == 1 and "1 failed" in again.stdout, programs.seen(again)


def test_virtual_time_alone_is_to_be_had(folder):
    done = programs.run(*PYTEST, "--raddle-virtual-time", "test_bank.py", cwd=folder)
    assert done.returncode == 0 and "4 passed" in done.stdout, programs.seen(done)


@pytest.mark.parametrize("option", ["--raddle-explore-for=no", "--raddle-replay=r9"])
def test_a_mistaken_option_is_told(folder, option):
    done = programs.run(*PYTEST, option, "test_bank.py", cwd=folder)
    assert done.returncode == 4 and option.partition("=")[0] in done.stderr


CASES = """
import unittest
from bank import Account, deposits

class Deposits(unittest.TestCase):
    def setUp(self):
        self.account = Account()

    def test_two(self):
        self.assertEqual(deposits(self.account), 10)

    @unittest.expectedFailure
    def test_expected(self):
        self.assertEqual(deposits(self.account), 10)
        self.fail("as expected")

    @unittest.expectedFailure
    def test_expected_now_and_then(self):
        self.assertEqual(deposits(self.account), 10)

    def test_parts(self):
        for part in range(2):
            with self.subTest(part=part):
                self.assertEqual(deposits(Account()), 10)

    def test_skipped(self):
        self.skipTest("for now")

    def test_passes(self):
        self.assertIn(deposits(self.account), (5, 10))

class Later(unittest.IsolatedAsyncioTestCase):
    async def test_coroutine(self):
        self.assertIn(deposits(Account()), (5, 10))
"""


def test_a_test_that_is_expected_to_fail_may(folder):
    (folder / "test_expected.py").write_text(
        "import pytest\nfrom bank import Account, deposits\n"
        "@pytest.mark.xfail(strict=True)\n"
        "def test_strict():\n    assert deposits(Account()) == 10\n"
    )
    done = programs.run(*PYTEST, "--raddle-explore", "test_expected.py", cwd=folder)
    assert done.returncode == 0 and "1 xfailed" in done.stdout, programs.seen(done)


def test_methods_of_a_test_case_are_explored(folder):
    (folder / "test_cases.py").write_text(CASES)
    done = programs.run(*PYTEST, "--raddle-explore", "test_cases.py", cwd=folder)
    assert done.returncode == 1, programs.seen(done)
    assert "2 failed, 2 passed, 1 skipped, 2 xfailed" in done.stdout, programs.seen(done)
    found = re.findall(r"--raddle-replay=(\S+) '[^']*::(\w+)'", done.stdout)
    assert sorted(name for _, name in found) == ["test_parts", "test_two"]
    word = next(word for word, name in found if name == "test_two")
    test = "test_cases.py::Deposits::test_two"
    again = programs.run(*PYTEST, f"--raddle-replay={word}", test, cwd=folder)
    assert again.returncode == 1 and "AssertionError: 5 != 10" in again.stdout


def test_a_program_that_is_not_there_is_no_outcome(folder):
    done = programs.run(*RADDLE, "explore", "gone.py", cwd=folder)
    assert done.returncode == 2 and done.stdout == "", programs.seen(done)
    assert "gone.py" in done.stderr


def test_ctrl_c_tells_what_was_seen_so_far(folder):
    (folder / "ends.py").write_text(
        PROGRAM + "import os, signal\nif os.path.exists('go'):\n"
        "    os.kill(os.getppid(), signal.SIGINT)\nopen('go', 'w').close()\n"
    )
    done = programs.run(*RADDLE, "explore", "ends.py", cwd=folder)
    assert done.returncode == 130, programs.seen(done)
    assert "raddle: 2 schedules" in done.stdout or "raddle: 1 schedule," in done.stdout
    assert "Traceback" not in done.stderr


def test_a_program_that_ends_itself_is_run_again(folder):
    (folder / "ends.py").write_text("import os\nprint('one', flush=True)\nos._exit(7)\n")
    done = programs.run(*RADDLE, "explore", "--runs=3", "ends.py", cwd=folder)
    assert done.returncode == 1, programs.seen(done)
    assert "3 x  exit code 7" in done.stdout


def test_a_replayed_program_reads_what_is_typed(folder):
    (folder / "reads.py").write_text("print(input())\n")
    done = programs.run(*RADDLE, "replay", "r1", "reads.py", cwd=folder, text="hello\n")
    assert (done.returncode, done.stdout) == (0, "hello\n"), programs.seen(done)


def test_virtual_time_beside_exploring_explores(folder):
    options = ("--raddle-explore", "--raddle-virtual-time")
    done = programs.run(*PYTEST, *options, "test_bank.py", cwd=folder)
    assert done.returncode == 1 and "1 failed, 3 passed" in done.stdout


def test_many_choices_fit_into_a_token(folder):
    (folder / "plain.py").write_text("print('one')\n")
    done = programs.run(*RADDLE, "replay", "r1-60000.1", "plain.py", cwd=folder)
    assert done.returncode == 0 and done.stdout == "one\n", programs.seen(done)


CATCHES = """
import queue
import threading

def test_waits():
    work, lock = queue.Queue(), threading.Lock()

    def worker():
        while True:
            try:
                task = work.get(True, 1)
            except queue.Empty:
                continue
            try:
                task()
            except BaseException:
                pass
            finally:
                work.task_done()

    threading.Thread(target=worker, daemon=True).start()
    with lock:
        work.put(lock.acquire)
        work.join()
"""


def test_a_worker_that_catches_the_deadlock_ends_with_the_run(tmp_path):
    (tmp_path / "test_app.py").write_text(CATCHES)
    done = programs.run(*PYTEST, "--raddle-explore", cwd=tmp_path)
    assert "1 failed in" in done.stdout, programs.seen(done)
    assert "outlived" not in done.stdout
