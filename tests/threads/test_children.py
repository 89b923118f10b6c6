"""Processes that a program starts: with raddle where it was asked for, else without."""

import pytest
from programs import PATCHED, PLAIN, RADDLE, environment

pytestmark = pytest.mark.raddle_only


SPAWN = """
import multiprocessing, sys
def look(pipe):
    import sys, threading
    raddle = sys.modules.get("raddle")
    pipe.send(bool(raddle) and raddle.installed() and
              threading.Event is sys.modules["raddle.threading"].Event)
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    mine, theirs = context.Pipe()
    child = context.Process(target=look, args=(theirs,))
    child.start()
    print(mine.recv())
    child.join()
    sys.exit(child.exitcode)
"""

METHODS = ["spawn", "fork", "forkserver"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("start", ["raddle run", "RADDLE=1"])
def test_multiprocessing_child_has_raddle_too(method, start, folder):
    by, more = (RADDLE, {}) if start == "raddle run" else (PLAIN, {"RADDLE": "1"})
    done = folder.run(*by, folder.write(SPAWN), method, env=environment(**more))
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "True\n")


@pytest.mark.parametrize("method", METHODS)
def test_without_raddle_a_multiprocessing_child_has_none(method, folder):
    done = folder.run(*PLAIN, folder.write(SPAWN), method)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "False\n")


CHILD = f"""
import subprocess, sys
command = [sys.executable, *sys.argv[1:], "-c", {PATCHED!r}]
print(subprocess.check_output(command, text=True), end="")
"""


@pytest.mark.parametrize("flags", [[], ["-I"], ["-E"]], ids=str)
@pytest.mark.parametrize("start", ["raddle run", "RADDLE=1"])
def test_subprocess_has_raddle_too(flags, start, folder):
    by, more = (RADDLE, {}) if start == "raddle run" else (PLAIN, {"RADDLE": "1"})
    done = folder.run(*by, folder.write(CHILD), *flags, env=environment(**more))
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "True True True\n")


@pytest.mark.parametrize("value", [None, "", "0"], ids=repr)
def test_without_raddle_in_the_environment_nothing_is_loaded(value, folder):
    code = "import sys, threading; print([m for m in sys.modules if m.startswith('raddle')])"
    env = environment() if value is None else environment(RADDLE=value)
    assert folder.run(*PLAIN, "-c", code, env=env).stdout == "[]\n"


def test_raddle_in_the_environment_patches_a_plain_script(folder):
    done = folder.run(*PLAIN, folder.write(PATCHED), env=environment(RADDLE="1"))
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "True True True\n")


def test_raddle_run_and_raddle_in_the_environment_go_together(folder):
    done = folder.run(*RADDLE, folder.write(PATCHED), env=environment(RADDLE="1"))
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "True True True\n")


def test_raddle_in_the_environment_does_not_import_threading(folder):
    code = "import sys; print('threading' in sys.modules)"
    done = folder.run(*PLAIN, "-c", code, env=environment(RADDLE="1"))
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "False\n")
