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
# What is for another system cannot be imported here.
ALLOWED += [f"raddle._map.system.{'unix' if sys.platform == 'win32' else 'windows'}"]
# A class method that is a class itself; typeshed has it for the standard library's only.
ALLOWED += ["raddle._futures.executor.ThreadPoolExecutor.__class_getitem__"]


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
    assert {str(p.relative_to(HOME)) for p in HOME.rglob("*.pyi")} >= {
        "__init__.pyi",
        "_map/api.pyi",
        "_map/core_count.pyi",
        "_map/gil_warning.pyi",
        "_raddle.pyi",
        "queue.pyi",
        "threading.pyi",
    }


def test_stubtest_finds_no_difference(tmp_path):
    # What has no stub is not typed: it is compared with itself, and its errors are its own.
    untyped = [
        ".".join(p.relative_to(HOME).with_suffix("").parts).removesuffix(".__init__")
        for p in HOME.rglob("*.py")
        if not p.with_suffix(".pyi").exists()
    ]
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
from raddle import queue, threading

def main() -> None:
    numbered: queue.Queue[int] = queue.PriorityQueue(5)
    numbered.put(1, timeout=0.5)
    item: int = numbered.get(block=False)
    numbered.shutdown(immediate=True)
    simple = queue.SimpleQueue[str]()
    text: str = simple.get(timeout=1)
    with numbered.mutex:
        full: bool = numbered.full()
    try:
        numbered.put_nowait(2)
    except (queue.Full, queue.ShutDown):
        pass
    lock = threading.Lock()
    guarded: threading.Lock = lock
    with lock, threading.RLock(), threading.Semaphore(2), threading.BoundedSemaphore():
        got: bool = lock.acquire(False) or lock.acquire(timeout=0.5) or lock.locked()
    lock = threading.Lock(name="jobs")
    named = threading.RLock(name="jobs"), queue.SimpleQueue[int](name=None)
    named_barrier = threading.Barrier(2, name="all")
    condition = threading.Condition(guarded, name="jobs")
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
    threading.Semaphore(1, name=1)  # expect: arg-type
    threading.Lock(name=1)  # expect: arg-type
    queue.PriorityQueue[int](5, "jobs")  # expect: call-arg
    threading.Thread(target=5)  # expect: arg-type
    threading.Barrier()  # expect: call-arg
    threading.Condition(5)  # expect: arg-type
    threading.nonsense  # expect: attr-defined
    queue.Queue[int]().put("a")  # expect: arg-type
    queue.SimpleQueue[int]().get(timeout="1")  # expect: arg-type
"""


POOLS = """
import concurrent.futures
import raddle
import warnings

def half(number: int) -> float:
    return number / 2

def both(number: int, text: str) -> str:
    return text * number

def main() -> None:
    halves: list[float] = list(raddle.map(half, [1, 2], workers=2, backend="processes"))
    texts: list[str] = list(raddle.map(both, [1, 2], "ab", ordered=False, progress=True))
    either: list[float | BaseException] = list(raddle.map(half, [1], on_error="return"))
    with raddle.Pool(2, "threads", initializer=print, initargs=("a",)) as pool:
        future: concurrent.futures.Future[str] = pool.submit(both, 2, text="a")
        for one in pool.imap_unordered(half, [1, 2], timeout=5):
            number: float = one
        total: str = "".join(pool.starmap(both, [(1, "a")]))
    with raddle.map(half, iter([1])) as results:
        first: float = next(results)
    cores: int = raddle.cores()
    threads: bool = raddle.cores().threads
    warnings.simplefilter("ignore", raddle.GilBoundWarning)

def wrong() -> None:
    raddle.map(half, "ab")  # expect: arg-type
    raddle.map(half, [1], workers="2")  # expect: call-overload
    raddle.map(half, [1], on_error="skip")  # expect: call-overload
    raddle.Pool(2, initializer=5)  # expect: arg-type
    with raddle.Pool() as pool:
        pool.submit(half, "a")  # expect: call-overload
"""


@pytest.mark.parametrize("source", [PROGRAM, POOLS], ids=["threads", "pools"])
def test_programs_check_as_they_do_with_the_stdlib(source, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(source)
    done = run("mypy", "--strict", "--no-incremental", str(program), folder=tmp_path)
    wrong = {
        number: line.split("# expect: ")[1]
        for number, line in enumerate(source.splitlines(), 1)
        if "# expect: " in line
    }
    found = {}
    for line in done.stdout.splitlines():
        if ": error: " in line:
            found[int(line.split(":")[1])] = line.rpartition("[")[2].rstrip("]")
    assert found == wrong, done.stdout + done.stderr
