"""Races under exploration: their accesses are points, and both orders are tried."""

import re
import sys

import programs
import pytest
import raddle
from programs import RADDLE
from raddle._diagnose.race import settings

pytestmark = [
    pytest.mark.raddle_only,
    pytest.mark.skipif(settings.refusal() is not None, reason=str(settings.refusal())),
]

COMMAND = RADDLE[:-1]

ACCOUNT = """
import threading

class Account:
    def __init__(self):
        self.balance = 0

    def deposit(self, amount):
        before = self.balance
        self.balance = before + amount

def deposits():
    account = Account()
    threads = [threading.Thread(target=account.deposit, args=[5], name=n) for n in "ab"]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert account.balance == 10, f"{account.balance} instead of 10"
"""

LAST = """
import threading

class Box:
    last = None

def puts():
    box = Box()

    def put(value):
        box.last = value

    threads = [threading.Thread(target=put, args=[5]) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert box.last == 5
"""


@pytest.fixture
def run(tmp_path):
    """Write a program, and run a command with it."""

    def run(text, *command):
        (tmp_path / "app.py").write_text(text)
        return programs.run(*command, cwd=tmp_path)

    return run


def token(text):
    return re.search(r"r1[-.0-9]*@[^ ']+", text)[0]


def test_a_program_s_race_is_confirmed_and_comes_again(run):
    done = run(ACCOUNT + "deposits()", *COMMAND, "explore", "--runs=8", "--race", "app.py")
    assert done.returncode == 1, programs.seen(done)
    confirmed = "race: Account.balance: confirmed: 1 of 2 orders ends with AssertionError"
    assert confirmed in done.stdout
    again = run(ACCOUNT + "deposits()", *COMMAND, "replay", token(done.stdout), "app.py")
    assert again.returncode == 1 and "5 instead of 10" in again.stderr, programs.seen(again)
    # It is told where the threads have met.
    assert again.stderr.count("read balance :9") == 2
    assert again.stderr.count("write balance :10") == 2


def test_an_output_that_depends_on_the_order_is_told(run):
    text = ACCOUNT.replace("assert account.balance == 10,", "print(account.balance) #")
    done = run(text + "deposits()", *COMMAND, "explore", "--runs=8", "--race", "app.py")
    assert done.returncode == 1, programs.seen(done)
    assert "Account.balance: confirmed: the output depends on the order" in done.stdout


def test_a_race_that_nothing_depends_on_is_possible(run):
    done = run(LAST + "puts()", *COMMAND, "explore", "--runs=8", "--race", "app.py")
    assert done.returncode == 0, programs.seen(done)
    assert "race: Box.last: possible: nothing depends on the order" in done.stdout


def test_a_function_s_race_is_confirmed_and_comes_again(run):
    asked = "import raddle\nraddle.install()\n"
    explored = "raddle.configure(race=True)\nraddle.explore(deposits, runs=20, seed=1)\n"
    done = run(asked + ACCOUNT + explored, sys.executable, "app.py")
    assert done.returncode == 1, programs.seen(done)
    assert "race: Account.balance: confirmed: 1 of 2 orders" in done.stderr
    replayed = f"raddle.replay({token(done.stderr)!r}, deposits)\n"
    again = run(asked + ACCOUNT + replayed, sys.executable, "app.py")
    assert again.returncode == 1 and "5 instead of 10" in again.stderr, programs.seen(again)


def test_a_test_s_race_is_confirmed_and_comes_again(tmp_path):
    (tmp_path / "test_app.py").write_text(
        ACCOUNT.replace("def deposits", "def test_deposits")
        + LAST.replace("def puts", "def test_puts")
    )

    def pytest_(*options):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        return programs.run(*command, cwd=tmp_path)

    done = pytest_("--raddle-explore", "--raddle-race")
    assert done.returncode == 1, programs.seen(done)
    assert "5 instead of 10" in done.stdout and "2 failed" in done.stdout
    assert "race: Box.last: possible: none of " in done.stdout
    again = pytest_(f"--raddle-replay={token(done.stdout)}", "test_app.py::test_deposits")
    assert again.returncode == 1 and "5 instead of 10" in again.stdout, programs.seen(again)


def test_a_package_s_race_comes_again_from_its_token_alone(tmp_path):
    package = tmp_path / "site-packages" / "accounts"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(ACCOUNT)
    (tmp_path / "test_app.py").write_text("from accounts import deposits as test_deposits\n")
    env = programs.environment(PYTHONPATH=str(package.parent))

    def pytest_(*options):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        return programs.run(*command, cwd=tmp_path, env=env)

    done = pytest_("--raddle-explore", "--raddle-race-in=accounts")
    assert "5 instead of 10" in done.stdout, programs.seen(done)
    assert "@accounts/__init__.py:9+accounts/__init__.py:10" in token(done.stdout)
    again = pytest_(f"--raddle-replay={token(done.stdout)}")
    assert again.returncode == 1 and "5 instead of 10" in again.stdout, programs.seen(again)


@pytest.mark.parametrize("wrong", ["r1@", "r1@app.py", "r1@:3", "r1@app.py:x", "r1@a:1+"])
def test_what_is_no_place_is_refused(wrong):
    with pytest.raises(ValueError, match="is no schedule"):
        raddle.replay(wrong, print)


def test_races_of_globals_and_closures_are_tried_both_ways(run):
    text = """
import threading

count = 0

def add():
    global count
    before = count
    count = before + 1

def counts():
    global count
    count = 0
    threads = [threading.Thread(target=add) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert count == 2
"""
    asked = "import raddle\nraddle.install()\n"
    explored = "raddle.configure(race=True)\nraddle.explore(counts, runs=20, seed=1)\n"
    done = run(asked + text + explored, sys.executable, "app.py")
    assert done.returncode == 1, programs.seen(done)
    assert "race: count in app.py: confirmed: 1 of 2 orders" in done.stderr
