"""`raddle run`: a program sees and does what it would under plain python."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from paths import ROOT
from programs import COMMAND, PATCHED, PATIENCE, PLAIN, RADDLE, environment

pytestmark = pytest.mark.raddle_only
STARTS = pytest.mark.parametrize(
    "by", [RADDLE, COMMAND], ids=["python -m raddle run", "raddle run"]
)


ABOUT = """
import os, sys
main = sys.modules["__main__"]
print(__name__, main.__dict__ is globals(), sorted(globals()))
print("argv", sys.argv)
print("path", sys.path)
print("file", globals().get("__file__"))
print("package", __package__, "spec", getattr(__spec__, "name", None))
print("loader", getattr(__loader__, "__name__", None) or type(__loader__).__name__)
print("doc", __doc__, "annotations", globals().get("__annotations__"))
print("flags", sys.flags)
print("executable", os.path.dirname(sys.executable))  # the name may be python or python3
"""

# What the program sees of itself


@STARTS
def test_script_sees_its_arguments_and_itself(by, folder):
    theirs = folder.same(folder.write(ABOUT), "a", "b c", "--help", "-m", "--", "-x", by=by)
    assert "argv ['app.py', 'a', 'b c', '--help', '-m', '--', '-x']" in theirs["out"]


def test_script_in_another_folder_has_that_folder_first_on_the_path(folder):
    folder.write("word = 'beside the script'", "far/away/beside.py")
    name = folder.write(ABOUT + "import beside\nprint(beside.word)\n", "far/away/app.py")
    theirs = folder.same(name)
    assert theirs["out"].endswith("beside the script\n")
    assert f"path [{str(folder.home / 'far' / 'away')!r}" in theirs["out"]


def test_script_given_by_its_absolute_path_sees_that_path(folder):
    theirs = folder.same(folder.home / folder.write(ABOUT))
    assert f"file {folder.home / 'app.py'}" in theirs["out"]


@STARTS
def test_module_sees_its_arguments_and_itself(by, folder):
    folder.write(ABOUT, "tool.py")
    theirs = folder.same("-m", "tool", "a", "-b", "--version", by=by)
    assert "'a', '-b', '--version']" in theirs["out"]
    assert "spec tool" in theirs["out"]


def test_module_in_a_package_may_import_its_neighbours(folder):
    folder.write("", "pack/__init__.py")
    folder.write("word = 'a neighbour'", "pack/beside.py")
    folder.write(ABOUT + "from . import beside\nprint(beside.word)\n", "pack/tool.py")
    theirs = folder.same("-m", "pack.tool")
    assert theirs["out"].endswith("a neighbour\n")
    assert "package pack spec pack.tool" in theirs["out"]


def test_package_runs_its_main_module(folder):
    folder.write("", "pack/__init__.py")
    folder.write(ABOUT, "pack/__main__.py")
    assert "spec pack.__main__" in folder.same("-m", "pack", "x")["out"]


def test_folder_with_a_main_module_runs(folder):
    folder.write(ABOUT + "import beside\n", "folder/__main__.py")
    folder.write("print('imported')", "folder/beside.py")
    assert folder.same("folder", "x")["out"].endswith("imported\n")


def test_zip_file_with_a_main_module_runs(folder):
    with zipfile.ZipFile(folder.home / "app.zip", "w") as archive:
        archive.writestr("__main__.py", ABOUT + "import beside\n")
        archive.writestr("beside.py", "print('imported')")
    assert folder.same("app.zip", "x")["out"].endswith("imported\n")


def test_program_text_given_with_c_runs(folder):
    assert "argv ['-c', 'x', '-y']" in folder.same("-c", ABOUT, "x", "-y")["out"]


def test_program_text_read_from_standard_input_runs(folder):
    assert "argv ['-', 'x']" in folder.same("-", "x", text=ABOUT)["out"]


@pytest.mark.parametrize("by", [RADDLE, COMMAND], ids=["python -m raddle run", "raddle run"])
def test_a_program_that_is_piped_in_runs_without_naming_it(by, folder):
    assert "argv ['']" in folder.same(text=ABOUT, by=by)["out"]
    assert folder.same(text="import sys\nsys.exit(3)", by=by)["code"] == 3


def test_a_program_in_a_file_on_standard_input_runs(folder):
    with open(folder.home / folder.write(PATCHED)) as text:
        done = subprocess.run(
            RADDLE,
            stdin=text,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=environment(),
        )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "True True True\n")


def test_options_of_the_interpreter_stay_in_force(folder):
    source = "import sys; print(sys.flags, sys.warnoptions, sys._xoptions, __debug__)"
    name = folder.write(source + "\nprint(sys.stdout.write_through, sys.stderr.write_through)")
    options = ["-u", "-O", "-b", "-s", "-W", "error::UserWarning", "-X", "dev"]
    ours = folder.run(*PLAIN, *options, "-m", "raddle", "run", name)
    theirs = folder.run(*PLAIN, *options, name)
    assert (ours.returncode, ours.stderr, ours.stdout) == (0, "", theirs.stdout)
    assert theirs.stdout.endswith("True True\n")


def test_standard_input_stays_the_scripts_own(folder):
    name = folder.write("import sys\nprint(sys.stdin.read().upper(), input.__name__)")
    assert folder.same(name, text="a line\n")["out"] == "A LINE\n input\n"


def test_script_with_a_declared_encoding_runs(folder):
    source = "# -*- coding: latin-1 -*-\nprint(ascii('é'))\n"
    (folder.home / "app.py").write_bytes(source.encode("latin-1"))
    assert folder.same("app.py")["out"] == "'\\xe9'\n"


def test_classes_of_the_script_can_be_pickled(folder):
    name = folder.write(
        """
        import pickle
        class Thing: pass
        print(type(pickle.loads(pickle.dumps(Thing()))) is Thing, Thing.__module__)
        """
    )
    assert folder.same(name)["out"] == "True __main__\n"


# How it ends

# The exit codes of -1, of os.abort() and of SIGTERM; and how to abort without a core dump.
ABORTS = "import os, resource as r\nr.setrlimit(r.RLIMIT_CORE, (0, 0))\nos.abort()"
MINUS_ONE, ABORTED, TERMINATED = 255, -6, -15
if sys.platform == "win32":
    ABORTS = "import os; os.abort()"
    MINUS_ONE, ABORTED, TERMINATED = 2**32 - 1, 3, 15

ENDS = {
    "by reaching its end": ("print('done')", 0),
    "with sys.exit()": ("import sys; sys.exit()", 0),
    "with sys.exit(3)": ("import sys; sys.exit(3)", 3),
    "with sys.exit(text)": ("import sys; sys.exit('so long')", 1),
    "with sys.exit(True)": ("import sys; sys.exit(True)", 1),
    "with sys.exit(-1)": ("import sys; sys.exit(-1)", MINUS_ONE),
    "with raise SystemExit": ("raise SystemExit(4)", 4),
    "with os._exit(5)": ("import os; os._exit(5)", 5),
    "with exit()": ("exit(6)", 6),
    "with an error": ("print('before', flush=True)\n1 / 0", 1),
    "with a syntax error": ("print('before'\n", 1),
    "with an import error": ("import there_is_no_such_module", 1),
    "with an error in an exit function": (
        "import atexit\natexit.register(lambda: 1 / 0)\nprint('end')",
        0,
    ),
    "with exit functions in order": (
        "import atexit\nfor n in 1, 2, 3: atexit.register(print, n)\nprint('end')",
        0,
    ),
    "with its own excepthook": (
        "import sys\nsys.excepthook = lambda *a: print('hook', a[0].__name__)\n1 / 0",
        1,
    ),
    "with a chain of errors": (
        "try:\n    1 / 0\nexcept Exception as e:\n    raise ValueError('no') from e",
        1,
    ),
    "with a group of errors": (
        "raise ExceptionGroup('both', [ValueError(1), TypeError(2)])",
        1,
    ),
    "with an error that has notes": (
        "e = ValueError('no')\ne.add_note('a note')\nraise e",
        1,
    ),
    "from a nested function": ("def f(n):\n    return f(n - 1) if n else [][1]\nf(3)", 1),
    "with os.abort()": (ABORTS, ABORTED),
    "killed by a signal": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
        TERMINATED,
    ),
    "with a daemon thread still asleep": (
        "import threading\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\nprint('end')",
        0,
    ),
    "after the last thread": (
        "import threading\ngo = threading.Event()\n"
        "def f(): go.wait(); print('thread')\n"
        "threading.Thread(target=f).start()\nprint('end', flush=True)\ngo.set()",
        0,
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_program_ends_as_under_plain_python(name, folder):
    source, code = ENDS[name]
    theirs = folder.same(folder.write(source))
    assert theirs["code"] == code


@pytest.mark.parametrize(
    "source", ["def f():\n    1 / 0\nf()\n", "print('a'\n", "import sys; sys.exit(3)"]
)
def test_program_text_fails_as_under_plain_python(source, folder):
    folder.same("-c", source)
    folder.same("-", text=source)


def without_runpy(text):
    """Leave out the frames of the interpreter's own module runner."""
    return re.sub(r'  File "<frozen runpy>".*\n', "", text)


@pytest.mark.parametrize(
    "source", ["def f():\n    1 / 0\nf()\n", "print('a'\n", "import nothing_"]
)
def test_module_fails_as_under_plain_python(source, folder):
    folder.write(source, "tool.py")
    ours, theirs = (folder.run(*by, "-m", "tool") for by in (RADDLE, PLAIN))
    assert without_runpy(ours.stderr) == without_runpy(theirs.stderr)
    assert (ours.returncode, ours.stdout) == (theirs.returncode, theirs.stdout) == (1, "")


def test_endless_recursion_is_reported_as_under_plain_python(folder):
    name = folder.write("def f():\n    f()\nf()")
    ours, theirs = (folder.run(*by, name) for by in (RADDLE, PLAIN))
    # How often the line was repeated depends on the frames below the program's own.
    counts = re.compile(r"repeated \d+ more")
    assert counts.sub("repeated", ours.stderr) == counts.sub("repeated", theirs.stderr)
    assert ours.returncode == theirs.returncode == 1


@pytest.mark.parametrize("name", ENDS)
def test_no_line_of_raddle_is_in_a_traceback(name, folder):
    import raddle

    done = folder.run(*RADDLE, folder.write(ENDS[name][0]))
    assert str(Path(raddle.__file__).parent) not in done.stderr


def test_error_in_a_thread_is_reported_as_under_plain_python(folder):
    name = folder.write(
        """
        import threading
        def fail(): 1 / 0
        t = threading.Thread(target=fail, name="Ada"); t.start(); t.join()
        """
    )
    ours, theirs = (folder.run(*by, name) for by in (RADDLE, PLAIN))
    frames = re.compile(r"line \d+, in (\w+)")
    assert frames.findall(ours.stderr) == frames.findall(theirs.stderr)
    first = "Exception in thread Ada:\nTraceback (most recent call last):\n"
    assert ours.stderr.startswith(first) and theirs.stderr.startswith(first)
    last = "ZeroDivisionError: division by zero"
    assert ours.stderr.splitlines()[-1] == theirs.stderr.splitlines()[-1] == last
    assert ours.returncode == theirs.returncode == 0


# Patched before the first line


@STARTS
@pytest.mark.parametrize("way", ["script", "module", "text", "stdin", "folder"])
def test_program_is_patched_before_its_first_line(way, by, folder):
    folder.write(PATCHED, "app.py")
    folder.write(PATCHED, "folder/__main__.py")
    arguments = {
        "script": ["app.py"],
        "module": ["-m", "app"],
        "text": ["-c", PATCHED],
        "stdin": ["-"],
        "folder": ["folder"],
    }
    text = PATCHED if way == "stdin" else None
    done = folder.run(*by, *arguments[way], text=text)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "True True True\n")


def test_threading_is_not_imported_on_the_programs_behalf(folder):
    assert (
        folder.same(folder.write("import sys; print('threading' in sys.modules)"))["out"]
        == "False\n"
    )


# A program that is more than a page


def test_unittest_runs_as_a_module(folder):
    folder.write(
        """
        import threading, unittest
        class Case(unittest.TestCase):
            def test_it(self):
                t = threading.Thread(target=lambda: None); t.start(); t.join()
                self.assertFalse(t.is_alive())
        """,
        "test_it.py",
    )
    done = folder.run(*RADDLE, "-m", "unittest", "-v", "test_it")
    assert done.returncode == 0
    assert "Ran 1 test" in done.stderr and done.stderr.endswith("OK\n")


def test_executor_keeps_the_order_of_its_results(folder):
    name = folder.write(
        """
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(4) as pool:
            print(list(pool.map(abs, range(-50, 50))))
        """
    )
    assert json.loads(folder.same(name)["out"]) == [abs(n) for n in range(-50, 50)]


def test_asyncio_program_with_a_thread_does_the_same(folder):
    name = folder.write(
        """
        import asyncio, threading
        async def main():
            return await asyncio.to_thread(lambda: threading.current_thread().name)
        print(asyncio.run(main()))
        """
    )
    assert folder.same(name)["out"] == "asyncio_0\n"


OWN = {"corpus.py", "fan_out.py"}  # map() and groups: plain Python has no such thing


def test_every_example_of_what_python_has_too_is_plain_python():
    folder = ROOT / "examples"
    for path in folder.rglob("*.py"):
        if path.name in OWN:
            continue
        assert "raddle" not in re.findall(r"^(?:import|from) (\w+)", path.read_text(), re.M)
