"""The shipped stubs: they describe the modules, and agree with the stdlib's own."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

mypy = pytest.importorskip("mypy", reason="stubs are checked where mypy is installed")
raddle = pytest.importorskip("raddle")

pytestmark = pytest.mark.raddle_only

HOME = Path(raddle.__file__).parent

# allocate_lock is bound already, so that a class which holds it does not bind it as a method.
ALLOWED = ["raddle._raddle.allocate_lock"]
if sys.version_info < (3, 13):
    # The factory is a function there, as in the stdlib; annotations still want the class.
    ALLOWED += ["raddle.threading.Lock", "raddle._raddle.lock.__new__"]
# A class method that is a class itself; typeshed has it for the standard library's only.
ALLOWED += ["raddle.executor.ThreadPoolExecutor.__class_getitem__"]


def run(*command, folder):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MYPY", "RADDLE"))}
    return subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=600,
    )


def test_the_package_says_that_it_is_typed():
    assert (HOME / "py.typed").exists()
    assert {p.name for p in HOME.glob("*.pyi")} >= {
        "__init__.pyi",
        "_raddle.pyi",
        "threading.pyi",
    }


def test_stubtest_finds_no_difference(tmp_path):
    # What has no stub is not typed: it is compared with itself, and its errors are its own.
    untyped = [p.stem for p in HOME.glob("*.py") if not p.with_suffix(".pyi").exists()]
    config, allowed = tmp_path / "mypy.ini", tmp_path / "allowed"
    config.write_text(
        "[mypy]\n"
        + "".join(f"[mypy-raddle.{name}]\nignore_errors = True\n" for name in untyped)
    )
    allowed.write_text("\n".join(ALLOWED))
    done = run(
        "mypy.stubtest",
        "raddle",
        "--concise",
        "--ignore-unused-allowlist",
        "--mypy-config-file",
        str(config),
        "--allowlist",
        str(allowed),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def public(tree):
    """The names of a stub's functions, classes and their methods."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            names |= {
                f"{node.name}.{each.name}"
                for each in ast.walk(node)
                if isinstance(each, ast.FunctionDef) and not each.name.startswith("_")
            }
    return names


def test_no_method_of_typesheds_stub_is_missing():
    typeshed = Path(mypy.__file__).parent / "typeshed" / "stdlib" / "threading.pyi"
    theirs = public(ast.parse(typeshed.read_text()))
    ours = set()
    for name in ("threading", "_raddle"):
        ours |= public(ast.parse((HOME / f"{name}.pyi").read_text()))
    inherited = {name for name in theirs if name.split(".")[0] in ("Thread", "Timer")}
    assert (
        theirs - ours - inherited - {"_RLock.acquire", "_RLock.release", "_RLock.locked"}
        == set()
    )


PROGRAM = """
import threading as stdlib
from raddle import threading

def main() -> None:
    lock = threading.Lock()
    guarded: threading.Lock = lock
    with lock, threading.RLock(), threading.Semaphore(2), threading.BoundedSemaphore():
        got: bool = lock.acquire(False) or lock.acquire(timeout=0.5) or lock.locked()
    condition = threading.Condition(guarded)
    condition = threading.Condition(stdlib.Lock())
    with condition:
        number: int = condition.wait_for(lambda: 5, timeout=1)
        condition.notify(2)
    event = threading.Event()
    event.set()
    seen: bool = event.wait(0.1)
    barrier = threading.Barrier(2, action=lambda: None, timeout=5)
    index: int = barrier.wait()
    thread: stdlib.Thread = threading.Thread(target=print, args=("a",), daemon=True)
    timer: threading.Thread = threading.Timer(1.0, print, ["a"])
    names: list[str] = [each.name for each in threading.enumerate()]
    numbers = threading.serialize_iterator([1, 2, 3])
    first: int = next(numbers)
    one, other = threading.concurrent_tee("ab", 2)
    letter: str = next(one)

    @threading.synchronized_iterator
    def count(limit: int) -> "stdlib.Iterator[int]":  # type: ignore
        yield limit

def wrong() -> None:
    threading.Lock().acquire("yes", "no")  # expect: arg-type
    threading.Event().wait("1")  # expect: arg-type
    threading.Semaphore("1")  # expect: arg-type
    threading.Thread(target=5)  # expect: arg-type
    threading.Barrier()  # expect: call-arg
    threading.Condition(5)  # expect: arg-type
    threading.nonsense  # expect: attr-defined
"""


def test_programs_check_as_they_do_with_the_stdlib(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = run("mypy", "--strict", "--no-incremental", str(program), folder=tmp_path)
    wrong = {
        number: line.split("# expect: ")[1]
        for number, line in enumerate(PROGRAM.splitlines(), 1)
        if "# expect: " in line
    }
    found = {}
    for line in done.stdout.splitlines():
        if ": error: " in line:
            found[int(line.split(":")[1])] = line.rpartition("[")[2].rstrip("]")
    assert found == wrong, done.stdout + done.stderr
