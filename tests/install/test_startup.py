"""RADDLE=1 in the environment: what it starts, in which interpreters, and what that costs."""

import sys
import sysconfig
from pathlib import Path

import pytest
from programs import bare

pytestmark = pytest.mark.raddle_only


def test_the_environment_installs_it_lazily(child):
    code = """
        import sys
        print("threading" in sys.modules)
        import threading, raddle
        print(raddle.installed(), threading.Event.__module__)
        from raddle import threading as ours
        print(threading.Event is ours.Event, type(threading.Lock()) is type(ours.Lock()))
        """
    done = bare(child, code, env={"RADDLE": "1"})
    assert done.stdout == "False\nTrue threading\nTrue True\n"


@pytest.mark.parametrize("value", [None, "", "0", "false", "False", "no", "off"])
def test_without_the_environment_nothing_is_loaded(child, value):
    code = "import sys; print([m for m in sys.modules if 'raddle' in m or m == 'threading'])"
    assert bare(child, code, env={} if value is None else {"RADDLE": value}).stdout == "[]\n"


@pytest.mark.parametrize("value", ["1", "true", "YES", "on", "maybe"])
def test_other_words_load_it_and_a_strange_one_is_named_once(child, value):
    code = """
        import subprocess, sys
        import raddle, threading
        print(raddle.installed(), flush=True)
        subprocess.run([sys.executable, "-c", "import raddle; print(raddle.installed())"])
        """
    done = bare(child, code, env={"RADDLE": value, "RADDLE_ON_DEADLOCK": "rais"}, check=False)
    assert (done.returncode, done.stdout) == (0, "True\nTrue\n")
    said = done.stderr.splitlines()
    assert said[0].startswith("raddle: RADDLE_ON_DEADLOCK is one of report, raise, ignore, not")
    strange = ["raddle: RADDLE is 1 or 0, not 'maybe': it is taken for 1"]
    assert said[1:] == (strange if value == "maybe" else [])


@pytest.mark.parametrize("flag", ["-I", "-E"])
def test_isolated_children_are_installed_too(child, flag):
    code = """
        import threading
        from raddle import threading as ours
        print(threading.Event is ours.Event)
        """
    assert bare(child, code, flag, env={"RADDLE": "1"}).stdout == "True\n"


def test_a_child_without_site_runs_stock_and_silent(child):
    code = (
        "import threading; t = threading.Thread(target=print, args=(1,)); t.start(); t.join()"
    )
    assert bare(child, code, "-S", env={"RADDLE": "1"}).stdout == "1\n"


def test_children_of_multiprocessing_are_installed_too(child, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import multiprocessing, sys, threading\n"
        "def look():\n"
        "    from raddle import threading as ours\n"
        "    print(threading.Event is ours.Event, flush=True)\n"
        "if __name__ == '__main__':\n"
        "    for kind in ('spawn', 'fork', 'forkserver'):\n"
        "        p = multiprocessing.get_context(kind).Process(target=look)\n"
        "        p.start(); p.join(); assert p.exitcode == 0\n"
    )
    code = f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')"
    done = bare(child, code, "-W", "ignore", env={"RADDLE": "1"}, check=False)
    assert (done.returncode, done.stdout) == (0, "True\n" * 3), done


SUBINTERPRETER = """
import sys
code = "import threading; e = threading.Event()\\n" \\
       "t = threading.Thread(target=lambda: (print('inside', flush=True), e.set()))\\n" \\
       "t.start(); t.join(); assert e.wait(0)"
if sys.version_info >= (3, 14):
    from concurrent import interpreters
    i = interpreters.create(); i.exec(code); i.close()
elif sys.version_info >= (3, 13):
    import _interpreters
    i = _interpreters.create("legacy" if LEGACY else "isolated")
    assert _interpreters.exec(i, code) is None
    _interpreters.destroy(i)
else:
    import _xxsubinterpreters
    i = _xxsubinterpreters.create(isolated=not LEGACY)
    assert _xxsubinterpreters.run_string(i, code) is None
    _xxsubinterpreters.destroy(i)
import threading
t = threading.Thread(target=print, args=("outside",)); t.start(); t.join()
"""


@pytest.mark.parametrize("legacy", [True, False])
def test_a_subinterpreter_works_or_stays_silent(child, legacy):
    if not legacy and sys.version_info < (3, 12):
        pytest.skip("3.11 starts no threads in an isolated interpreter")
    code = f"LEGACY = {legacy}\n" + SUBINTERPRETER
    done = bare(child, code, env={"RADDLE": "1"})
    assert done.stdout == "inside\noutside\n"


def test_the_pth_that_starts_it_is_short_and_cheap():
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # (An editable install has one more, with the path of the checkout.)
    found = [p for path in paths for p in Path(path).glob("raddle_startup.pth")]
    if not found:
        pytest.skip("raddle is not installed into this interpreter's site-packages")
    for path in found:
        (line,) = [each for each in path.read_text().splitlines() if each.strip()]
        assert "RADDLE" in line, "it has to look at the environment before it imports"


def test_the_pth_line_may_run_twice(child):
    code = """
        import site, sysconfig, glob, os
        folder = sysconfig.get_path("purelib")
        site.addsitedir(folder); site.addsitedir(folder)
        import raddle, threading
        raddle.install()
        t = threading.Thread(target=print, args=(raddle.installed(),)); t.start(); t.join()
        raddle.uninstall()
        print(raddle.installed())
        """
    assert bare(child, code, env={"RADDLE": "1"}).stdout == "True\nFalse\n"
