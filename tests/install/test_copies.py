"""Programs that take modules out of sys.modules, as mocks and tracers do."""

import sys

import programs
import pytest

pytestmark = pytest.mark.raddle_only

TAKEN_OUT = """
import sys
import raddle
raddle.install()
import threading
ours = threading.Lock
del sys.modules["raddle.threading"]
waits = threading.Thread(target=print, args=("ran",))
raddle.uninstall()
waits.start()
waits.join()
print(raddle.installed(), threading.Lock is ours)
"""

ANEW = """
import sys
import raddle
raddle.install()
import threading
lock = type(threading.Lock())
for name in ("threading", "raddle.threading"):
    del sys.modules[name]
import raddle.threading
import threading
print(type(threading.Lock()) is lock, type(raddle.threading.Lock()) is lock)
raddle.uninstall()
print(type(threading.Lock()) is lock)
"""


@pytest.mark.parametrize(
    ("code", "said"), [(TAKEN_OUT, "ran\nFalse False\n"), (ANEW, "True True\nFalse\n")]
)
def test_a_program_may_drop_the_module(code, said, tmp_path):
    done = programs.run(sys.executable, "-c", code, cwd=tmp_path)
    assert (done.stdout, done.stderr) == (said, "")
