"""A program that has ended and does not exit, where no Thread is left that could be named."""

import sys

import gallery
import pytest

pytestmark = pytest.mark.raddle_only

GONE = """
import threading, raddle._raddle
lock = raddle._raddle._signal_lock()
lock.acquire()
threading._shutdown_locks.add(lock)
"""
BARE = """
import _thread, threading
never = threading.Lock()
never.acquire()
def read():
    never.acquire()
_thread.start_joinable_thread(read, daemon=False)
"""


def told(code, tmp_path):
    """Return the first line and the sentence of what a program is told."""
    (tmp_path / "program.py").write_text(code)
    process = gallery.start("program", tmp_path)
    text = gallery.said(process, lambda text: text.count("\n\n") >= 2 and text.endswith("\n"))
    lines = text.splitlines()
    return lines[0], next(each.strip() for each in lines if each.startswith("  The program"))


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="there are no such locks")
def test_an_exit_that_waits_for_a_thread_that_is_gone_is_told(tmp_path):
    assert told(GONE, tmp_path) == (
        "raddle: the program has ended, but it waits for a thread that is gone",
        "The program has ended, but its exit waits for the end of a thread that is gone, and "
        "no thread is left that could bring that about.",
    )


@pytest.mark.skipif(sys.version_info < (3, 13), reason="such a thread does not last")
def test_an_exit_that_waits_for_a_thread_without_a_thread_object_is_told(tmp_path):
    assert told(BARE, tmp_path) == (
        "raddle: the program has ended, but thread N keeps it from exiting",
        "The program has ended, but thread N (program.py:6) keeps it from exiting: it waits "
        "for never, and no thread is left that could bring that about.",
    )
