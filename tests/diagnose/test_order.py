"""Lock orders that contradict each other are told, though nothing hangs; others are not."""

import functools
import json
import subprocess
import sys

import pytest
from banks import BANK, CHECKED, WHICH
from banks import run as run_bank

pytestmark = pytest.mark.raddle_only


@pytest.fixture
def bank(tmp_path):
    """Run the bank and what follows it as a file; return the run."""
    return functools.partial(run_bank, tmp_path)


CROSSED = """\
run("worker-1", tree, index)
run("worker-2", index, tree)
run("worker-1", tree, index)
"""
TOLD = """\
raddle: lock order: index and tree are taken in different orders
  in process N (bank.py)

  worker-2 took index, then tree
      bank.py:8
          with outer:
      bank.py:9
          with inner:
  worker-1 took tree, then index
      bank.py:8
          with outer:
      bank.py:9
          with inner:

  index is held when tree is taken, and tree is held when index is taken: \
threads that meet there wait for ever.
  (Nothing hung: it is possible, not certain.)
  Take the locks in one order everywhere (say, index, then tree), \
or the second one with acquire(timeout=...).
"""


def test_two_orders_are_told_once_with_their_four_places(bank):
    done = bank(CROSSED)
    assert (done.stdout, done.stderr, done.returncode) == ("", TOLD, 0)


def test_without_the_mode_nothing_is_told(bank):
    assert bank(CROSSED, env={}).stderr == ""


def test_one_order_is_not_told(bank):
    assert bank('run("a", tree, index)\nrun("b", tree, index)\n').stderr == ""


def test_configure_checks_the_locks_that_are_made_from_then_on(bank):
    code = """
        run("early", tree, index)
        run("early", index, tree)
        raddle.configure(lock_order=True)
        first = threading.Lock()
        second = threading.Lock()
        run("late", first, second)
        run("late", second, first)
        print([each.sentence.split(",")[0] for each in raddle.inversions()])
        raddle.configure(lock_order=False)
        third = threading.Lock()
        run("off", first, third)
        run("off", third, first)
        print(len(raddle.inversions()))
    """
    done = bank(code, env={"RADDLE_ON_DEADLOCK": "ignore"})
    assert done.stderr == "" and done.stdout == ("['second is held when first is taken']\n1\n")


def test_locks_taken_through_an_exit_stack_are_the_programs(bank):
    code = """
        from contextlib import ExitStack
        for order in (tree, index), (index, tree):
            with ExitStack() as stack:
                for each in order:
                    stack.enter_context(each)
    """
    done = bank(code)
    assert done.stderr.startswith("raddle: lock order: index and tree are taken in different")
    assert done.stderr.count("stack.enter_context(each)\n") == 4, done.stderr


def test_an_inversion_is_json(bank):
    done = bank(CROSSED + "print(__import__('json').dumps(raddle.inversions()[0].to_dict()))")
    fields = json.loads(done.stdout)
    assert fields["kind"] == "order"
    assert [each["lock"] for each in fields["links"]] == ["index", "tree"]
    assert [each["made"] for each in fields["links"]] == ["bank.py:5", "bank.py:4"]
    assert [each["type"] for each in fields["links"]] == ["RLock", "Lock"]


def test_a_callable_gets_it_and_what_it_raises_is_raised_before_the_lock_is_taken(bank):
    code = """
        def refuse(found):
            raise ValueError(found.kind)
        raddle.configure(on_deadlock=refuse)
        nest(tree, index)
        try:
            nest(index, tree)
        except ValueError as error:
            print(error, tree.locked(), index._is_owned())
    """
    done = bank(code)
    assert (done.stdout, done.stderr) == ("order False False\n", "")


@pytest.mark.parametrize("pattern", ["bank.py:4", "*.py:9", "tree", ["other:1", "index"][1]])
def test_known_orders_are_not_told(bank, pattern):
    code = f"raddle.configure(known_orders=[{pattern!r}])\n{CROSSED}print(raddle.inversions())"
    done = bank(code)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_known_name_is_that_of_all_locks_of_that_name(bank):
    code = """
        class Account:
            def __init__(self):
                self.lock = threading.Lock()
        one, two = Account(), Account()
        %s
        nest(one.lock, two.lock)
        nest(two.lock, one.lock)
    """
    told = bank(code % "pass").stderr
    assert told.startswith("raddle: lock order: Account.lock #1 and Account.lock #2 are taken")
    for pattern in (
        "self.lock",
        "Account.lock",
        "*.lock",
    ):  # As it is written, and as it is told.
        assert bank(code % f"raddle.configure(known_orders=[{pattern!r}])").stderr == ""
    assert bank(code % "raddle.configure(known_orders=['Other.lock'])").stderr == told


@pytest.mark.parametrize(
    "line",
    ["here = threading.Lock(); there = threading.Lock()", "here, there = LOCK(), LOCK()"],
)
def test_two_locks_of_one_line_are_told_apart(bank, line):
    code = f"""
        LOCK = threading.Lock
        {line}
        nest(here, there)
        nest(there, here)
    """
    assert bank(code).stderr.startswith("raddle: lock order: there and here are taken in")


def test_known_orders_come_from_the_environment(bank):
    env = {**CHECKED, "RADDLE_KNOWN_ORDERS": "nothing,bank.py:8"}
    assert bank(CROSSED, env=env).stderr == ""
    env["RADDLE_KNOWN_ORDERS"] = "nothing"
    assert bank(CROSSED, env=env).stderr == TOLD


@pytest.mark.parametrize("patterns", ["bank.py:4", 7, [7], None])
def test_known_orders_are_patterns(patterns):
    import raddle

    with pytest.raises(TypeError, match="known_orders"):
        raddle.configure(known_orders=patterns)


def test_a_condition_takes_its_lock_back_inside_what_its_thread_holds(bank):
    code = """
        changed = threading.Condition()
        with changed:
            with tree:
                changed.wait(0)
    """
    done = bank(code)
    assert done.stderr.startswith("raddle: lock order: tree and changed are taken")
    assert "          changed.wait(0)\n" in done.stderr


def test_attempts_and_timeouts_make_no_order(bank):
    code = """
        nest(tree, index)
        with index:
            print(tree.acquire(False), tree.release(), tree.acquire(timeout=1))
            tree.release()
    """
    done = bank(code)
    assert (done.stdout, done.stderr) == ("True None True\n", "")


def test_a_lock_around_both_orders_keeps_them_apart(bank):
    code = """
        gate = threading.Lock()
        for pair in ((tree, index), (index, tree)):
            with gate:
                nest(*pair)
    """
    assert bank(code).stderr == ""


def test_a_lock_that_another_thread_releases_has_no_order(bank):
    code = """
        ready = threading.Lock()
        ready.acquire()
        def serve():
            with tree:
                pass
            ready.release()
        thread = threading.Thread(target=serve)
        with tree:
            thread.start()
        ready.acquire()
        with tree:
            pass
        thread.join()
        with tree:
            ready.release()
            ready.acquire()
    """
    assert bank(code).stderr == ""


def test_locks_that_are_gone_keep_their_order_by_where_they_were_made(bank):
    code = """
        def account():
            return threading.Lock()
        nest(tree, account())
        nest(account(), tree)
    """
    done = bank(code)
    assert done.stderr.startswith(
        "raddle: lock order: the Lock of bank.py:19 and tree are taken in different orders"
    )


def test_orders_of_the_standard_library_alone_are_not_told(bank):
    code = """
        import raddle
        raddle.install()
        import logging
        for _ in range(2):
            logging.basicConfig(force=True)
        logging.getLogger().warning("once")
        logging.shutdown()
    """
    assert bank(code).stderr == "WARNING:root:once\n"


def test_a_deadlock_of_checked_locks_says_where_they_were_made(bank):
    code = """
        raddle.configure(on_deadlock="raise")
        try:
            with tree, tree:
                pass
        except raddle.DeadlockError as error:
            print(error.report.threads[0]["made"])
            print(error.report.text.splitlines()[3])
    """
    waits = "  MainThread waits for tree (Lock{}), held by MainThread\n"
    assert bank(code).stdout == "bank.py:4\n" + waits.format(", made at bank.py:4")
    assert bank(code, env={}).stdout == "None\n" + waits.format("")


def test_a_checked_lock_is_not_kept_alive(bank):
    code = """
        import gc, weakref
        def once():
            lock = threading.RLock()
            nest(tree, lock)
            return weakref.ref(lock)
        gone = once()
        gc.collect()
        print(gone())
    """
    assert bank(code).stdout == "None\n"


def test_a_forked_child_checks_on(bank):
    code = """
        import os
        with tree:
            pid = os.fork()
            if pid == 0:
                with index:
                    pass
        if pid:
            os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        nest(index, tree)
        os._exit(3 if len(raddle.inversions()) == 1 else 4)
    """
    assert bank(code, flags=("-Wignore",)).returncode == 3


def test_raddle_run_check_tells_of_an_unmodified_program(tmp_path):
    code = (BANK + CROSSED).replace(
        "import raddle\nfrom raddle import threading", "\nimport threading"
    )
    (tmp_path / "bank.py").write_text(code)
    for arguments in (["--check", "bank.py"], ["--check", "-m", "bank"]):
        done = subprocess.run(
            [sys.executable, "-m", "raddle", "run", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        told = WHICH.sub("  in process N (bank.py)\n", done.stderr)
        assert (done.stdout, told, done.returncode) == ("", TOLD, 0)


def test_a_thread_that_runs_is_no_lock_that_is_held(bank):
    run = bank(
        """\
        done = threading.Event()
        threads = [threading.Thread(target=done.wait) for _ in range(3)]
        for each in threads:
            with tree:
                each.start()
        done.set()
        for each in threads:
            each.join()
        print(raddle.inversions())
        """
    )
    assert (run.stdout, run.stderr) == ("[]\n", "")


def test_an_order_is_found_with_a_closed_stderr_and_the_lock_is_taken(bank):
    run = bank(
        """\
        import io
        import sys

        nest(tree, index)
        kept, sys.stderr = sys.stderr, io.StringIO()
        sys.stderr.close()
        nest(index, tree)
        sys.stderr = kept
        print(len(raddle.inversions()))
        """
    )
    assert (run.stdout, run.stderr) == ("1\n", "")
