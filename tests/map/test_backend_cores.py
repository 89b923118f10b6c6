"""backend="cores": what it takes here, what it says of it, and how it does without extras."""

import multiprocessing
import os
import subprocess
import sys

import kinds
import pytest
import raddle
import tasks
from paths import SUPPORT
from raddle._map.backends.cores import choice

pytestmark = pytest.mark.raddle_only

HERE = kinds.real("cores")
AWAY = pytest.mark.skipif(HERE == "threads", reason="threads share all they have")
MOVING = pytest.mark.skipif(HERE != "interpreters", reason="only interpreters have to give up")


@pytest.fixture
def run(tmp_path):
    """Run a program in a folder where some packages cannot be imported, by workers either."""

    def run(program, *hidden, command=("program.py",), files=()):
        gone = "raise ModuleNotFoundError(name=__name__)\n"
        files = {"program.py": program, **dict(files)}
        files |= {f"hidden/{name}/__init__.py": gone for name in hidden}
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        path = os.pathsep.join([str(tmp_path / "hidden"), str(SUPPORT)])
        return subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "PYTHONPATH": path},
        )

    return run


CHOICE = """
import sys
from raddle._map.backends.cores import choice
found = choice()
print(found.kind, found.by)
"""


@pytest.mark.parametrize("hidden", [[], ["loky"]], ids=["extras", "bare"])
def test_it_takes_what_there_is(run, hidden):
    free = not getattr(sys, "_is_gil_enabled", lambda: True)()
    if free:
        expected = "threads "
    elif sys.version_info >= (3, 14):
        expected = "interpreters "
    else:
        loky = not hidden and kinds.lacking("processes") is None
        expected = f"processes {'loky' if loky else 'the standard library'}"
    assert run(CHOICE, *hidden).stdout == f"{expected}\n"


def test_the_choice_and_why_are_in_each_repr(capfd):
    with raddle.Pool(2, "cores") as pool:
        said = f"2 {choice()}"
        assert pool.backend == choice().kind
        assert repr(pool) == f"<raddle.Pool of {said}>"
        results = pool.map(tasks.square, range(5), progress=True)
        assert repr(results) == f"<Pool.map on {said}>"
        assert list(results) == [0, 1, 4, 9, 16]
        assert repr(results) == f"<Pool.map on {said}, ended>"
    assert choice().why and choice().why in said
    assert raddle.cores().choice == choice()
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("raddle.map: 5/5 (100%)") and line.endswith(f"; on {said}")


@pytest.mark.parametrize("kind", kinds.LOCAL)
def test_a_map_says_what_it_is_on(kind):
    with raddle.map(tasks.square, [1, 2], workers=2, backend=kind) as results:
        assert repr(results).startswith(f"<raddle.map on 2 {kinds.real(kind)}")
    assert repr(results).endswith(", ended>")


MAIN = """
import multiprocessing, sys
import raddle, tasks

class Point:
    def __init__(self, x):
        self.x = x

def double(point):
    return Point(point.x * 2)

if __name__ == "__main__":
    if sys.argv[1:]:
        multiprocessing.set_start_method(sys.argv[1])
    with raddle.Pool(2, "cores") as pool:
        points = list(pool.map(double, map(Point, range(5))))
        print([p.x for p in points], all(type(p) is Point for p in points))
"""


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_functions_of_main_need_nothing_installed(run, method):
    done = run(MAIN, "loky", "cloudpickle", command=("program.py", method))
    assert (done.stdout, done.stderr) == ("[0, 2, 4, 6, 8] True\n", "")


def test_functions_of_a_package_that_is_run_as_a_module_do_too(run):
    program = MAIN.replace("import raddle", "from . import near\nimport raddle")
    files = {"app/__init__.py": "", "app/near.py": "", "app/job.py": program}
    done = run("", "loky", "cloudpickle", command=("-m", "app.job"), files=files)
    assert (done.stdout, done.stderr) == ("[0, 2, 4, 6, 8] True\n", "")


OPEN = """
import raddle, tasks
print(list(raddle.map(tasks.square, range(5), workers=2, backend="cores")))
"""


def test_what_lives_elsewhere_needs_no_guard_either(run):
    done = run(OPEN, "loky", "cloudpickle")
    assert (done.stdout, done.stderr) == ("[0, 1, 4, 9, 16]\n", "")


UNGUARDED = """
import raddle
def double(n):
    return 2 * n
try:
    print(list(raddle.map(double, range(5), workers=2, backend="cores")))
except RuntimeError as error:
    if __name__ != "__main__":
        raise
    print(error)
"""


@AWAY
def test_a_program_that_would_run_again_in_its_workers_is_told_so(run):
    done = run(UNGUARDED, "loky", "cloudpickle")
    assert 'put that call under `if __name__ == "__main__":`' in done.stdout, done.stderr
    assert done.returncode == 0


REFUSED = """
import pickle, threading
import raddle, tasks
def here(n): return n
class Here: pass
cases = {
    "a lambda": (lambda n: n, 1),
    "a session's function": (here, 1),
    "a session's class": (str, Here()),
    "a lambda as an input": (str, lambda: 1),
    "a lock": (str, threading.Lock()),
}
for case, (fn, value) in cases.items():
    try:
        list(raddle.map(fn, [value], workers=1, backend="cores"))
        print(f"{case}: taken")
    except pickle.PicklingError as error:
        print(f"{case}: {error}")
"""


@AWAY
def test_what_cannot_travel_is_refused_by_name_with_what_helps(run):
    done = run("", "loky", "cloudpickle", command=("-c", REFUSED))
    lines = done.stdout.splitlines()
    assert len(lines) == 5, done.stderr
    for line, named in zip(
        lines, ["<lambda>", "'here'", "'Here'", "<lambda>", "lock"], strict=True
    ):
        assert named in line and f"cannot be sent to {HERE}" in line
        # A lock travels with nothing.
        assert ("pip install raddle[processes]" in line) == (named != "lock"), line


CALLED = """
import os, pathlib
def note(n):
    with open("called", "a") as file:
        file.write(f"{n}\\n")
    return n, os.getpid()
"""
PICKY = """
from concurrent import interpreters
if interpreters.get_current() != interpreters.get_main():
    raise ImportError("module picky does not support loading in subinterpreters")
"""
MOVES = {
    "the function": """
import called, picky
def fn(n): return called.note(n)
""",
    "an input": """
import called
class Odd:
    def __init__(self, n): self.n = n
    def __reduce__(self): return load, (self.n,)
def load(n):
    if n == 60:
        import picky
    return Odd(n)
def fn(odd): return called.note(odd.n)
""",
    "the initializer": """
import called
def fn(n): return called.note(n)
""",
}
FIRST = """
import picky
def begin(): pass
"""
MOVED = """
import os, sys
import called, first, job, raddle
with raddle.Pool(2, "cores", first.begin if sys.argv[1] == "the initializer" else None) as pool:
    make = getattr(job, "Odd", int)
    found = list(pool.map(job.fn, map(make, range(100))))
    print([n for n, _ in found] == list(range(100)), found[60][1] != os.getpid(), pool.backend)
    print(pool.submit(job.fn, make(100)).result()[0])
    print(sorted(map(int, open("called"))) == list(range(101)))
    print(pool)
"""


@MOVING
@pytest.mark.parametrize(
    ("what", "hidden"), [("the function", 2), ("an input", 0), ("the initializer", 2)]
)
def test_what_an_interpreter_cannot_load_goes_to_processes(run, what, hidden):
    files = {"called.py": CALLED, "picky.py": PICKY, "first.py": FIRST, "job.py": MOVES[what]}
    gone = ["loky", "cloudpickle"][:hidden]
    done = run(MOVED, *gone, command=("program.py", what), files=files)
    lines = done.stdout.splitlines()
    assert lines[:3] == ["True True processes", "100", "True"], done.stderr
    assert "an interpreter could not load it: ImportError: module picky" in lines[3]
    stock = bool(hidden) or kinds.lacking("processes") is not None
    assert ("loky is not installed" in lines[3]) == stock


SUBMITTED = """
import os
import job, raddle
pool = raddle.Pool(2, "cores")
futures = [pool.submit(job.fn, n) for n in range(6)]
pool.shutdown(wait=False)
print(sorted(f.result(60)[0] for f in futures), pool.backend)
"""


@MOVING
def test_tasks_move_too_after_the_pool_was_shut_down(run):
    files = {"called.py": CALLED, "picky.py": PICKY, "job.py": MOVES["the function"]}
    done = run(SUBMITTED, "loky", files=files)
    assert done.stdout == "[0, 1, 2, 3, 4, 5] processes\n", done.stderr


NOWHERE = """
import os
import picky
if os.environ.setdefault("HOME_PID", str(os.getpid())) != str(os.getpid()):
    import nowhere
def fn(n): return n
"""
FAILING = """
import job, raddle
for error in raddle.map(job.fn, range(2), workers=1, backend="cores", on_error="return"):
    print(type(error).__name__, error)
"""


@MOVING
def test_what_no_worker_can_load_is_an_error_of_its_own(run):
    done = run(FAILING, "loky", files={"picky.py": PICKY, "job.py": NOWHERE})
    assert done.stdout == "ModuleNotFoundError No module named 'nowhere'\n" * 2, done.stderr


LATE = """
import raddle
def fn(n):
    import picky
    return n
if __name__ == "__main__":
    (error,) = raddle.map(fn, [1], workers=1, backend="cores", on_error="return")
    print(error, *error.__notes__)
"""


@MOVING
def test_what_a_call_may_not_do_in_an_interpreter_is_its_error_with_what_helps(run):
    said = run(LATE, files={"picky.py": PICKY}).stdout
    assert said.startswith("module picky does not support loading in subinterpreters")
    assert 'backend="processes" makes no call in interpreters' in said
