"""The profile's places in libraries: the line of the program's own that led there, as well."""

import json

import pytest
from programs import RADDLE

pytestmark = pytest.mark.raddle_only

PROFILE = [*RADDLE, "--profile"]


LIBRARY = """\
import threading


class Pool:
    def __init__(self):
        self._lock, self._ready = threading.Lock(), threading.Event()

    def run(self, call):
        with self._lock:
            call()

    def wait(self):
        self._ready.wait(0.01)
"""
SERVICE = """\
import sys, threading
sys.path.insert(0, "site-packages")
import vendor
pool = vendor.Pool()
other = vendor.Pool()
def serve():
    pool.run(list)
def hold():
    thread.start()
    while not pool._lock._waiting():
        pass
thread = threading.Thread(target=serve)
pool.run(hold)
thread.join()
pool.wait()
other.run(list)
"""


def test_what_a_library_waits_for_is_told_with_the_line_that_called_it(folder):
    (folder.home / "site-packages").mkdir()
    folder.write(LIBRARY, "site-packages/vendor.py")
    folder.write(SERVICE)
    done = folder.run(*RADDLE, "--profile=out.json", "app.py")
    assert (done.stdout, done.returncode) == ("", 0), done.stderr
    rows = [row for row in json.loads((folder.home / "out.json").read_text())]
    locks = {row["made"]: row for row in rows if row["name"] == "Pool._lock"}
    assert list(locks) == ["app.py:4", "app.py:5"]  # Two locks of one line there.
    [site] = locks["app.py:4"]["waiting"]
    assert (site["at"], site["function"]) == ("app.py:7", "serve")
    assert site["through"] == "vendor.py:9"
    [event] = [row for row in rows if row["kind"] == "event"]
    [site] = event["waiting"]
    assert (site["at"], site["through"]) == ("app.py:15", "vendor.py:13")
    assert (site["count"], site["total"]) == (1, event["waited"]["total"])
    assert site["total"] > 0
    table = folder.run(*PROFILE, "app.py").stderr
    assert "at app.py:7 in serve (through vendor.py:9)\n" in table


def test_the_wait_for_threads_at_the_end_is_known(folder):
    folder.write(
        """
        import time
        from concurrent.futures import ThreadPoolExecutor
        from raddle import _raddle

        def work():
            while not any(each[1] == "thread join" for each in _raddle._waits()):
                time.sleep(0.001)

        ThreadPoolExecutor().submit(work)
        """
    )
    done = folder.run(*PROFILE, "app.py")
    assert "  Thread.join() at the program's exit " in done.stderr
    assert "unknown place" not in done.stderr
