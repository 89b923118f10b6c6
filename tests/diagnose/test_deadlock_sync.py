"""Deadlocks of what `raddle.sync` has are named as those of locks are."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.raddle_only

PROGRAM = """
import raddle
from raddle import sync, threading

prices, stock, lock = sync.RWLock(name="prices"), sync.RWLock(name="stock"), threading.Lock()
both = threading.Barrier(2)

def nest(outer, inner):
    with outer:
        both.wait()
        try:
            with inner:
                pass
        except raddle.DeadlockError as error:
            print(error, flush=True)

threads = [threading.Thread(target=nest, args=locks, name=name) for name, locks in (
    ("one", (prices.FIRST, OTHER)), ("other", (OTHER, prices.SECOND)),
)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.parametrize("first", ["read", "write"])
@pytest.mark.parametrize("other", ["lock", "stock.write"])
def test_a_ring_through_a_lock_of_readers_is_named(first, other):
    program = PROGRAM.replace("FIRST", first).replace("SECOND", "write").replace("OTHER", other)
    done = run(program)
    assert "prices (RWLock)" in done.stdout and "in one order everywhere" in done.stdout
    assert done.returncode == 0


def test_a_ring_of_two_that_read_and_want_to_write_is_named():
    program = PROGRAM.replace("FIRST", "read").replace("SECOND", "write")
    program = program.replace("(OTHER, ", "(stock.read, ").replace("OTHER", "stock.write")
    done = run(program)
    assert "prices (RWLock)" in done.stdout and "stock (RWLock)" in done.stdout


def run(program):
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "RADDLE_ON_DEADLOCK": "raise"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
