"""The stub of raddle.futures: programs check as they do with the standard library's."""

import ast
from pathlib import Path

import pytest
from test_stubs import HOME, mypy, public, run

pytestmark = pytest.mark.raddle_only


def test_no_name_of_typesheds_stub_is_missing():
    folder = Path(mypy.__file__).parent / "typeshed" / "stdlib" / "concurrent" / "futures"
    theirs = public(ast.parse((folder / "thread.pyi").read_text()))
    theirs = {name for name in theirs if name.startswith("ThreadPoolExecutor.")}
    assert public(ast.parse((HOME / "futures.pyi").read_text())) >= theirs
    exported = next(
        ast.literal_eval(node.value)
        for node in ast.walk(ast.parse((folder / "__init__.pyi").read_text()))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    ours = ast.parse((HOME / "futures.pyi").read_text())
    said = {each.value for each in ast.walk(ours) if isinstance(each, ast.Constant)}
    assert set(exported) - {"__doc__"} <= said


PROGRAM = """
import asyncio
import concurrent.futures as stdlib
from collections.abc import Iterator

from raddle import futures


def square(number: int, *, more: int = 0) -> int:
    return number * number + more


def main() -> None:
    with futures.ThreadPoolExecutor(4, thread_name_prefix="mine") as executor:
        future = executor.submit(square, 3, more=1)
        ours: futures.Future[int] = future
        theirs: stdlib.Future[int] = future
        number: int = future.result(timeout=1.5)
        error: BaseException | None = future.exception()
        future.add_done_callback(lambda done: print(done.result()))
        squares: Iterator[int] = executor.map(square, [1, 2], timeout=5, buffersize=2)
        executor.shutdown(wait=False, cancel_futures=True)
    done, pending = futures.wait([ours], return_when=futures.FIRST_COMPLETED)
    sets: tuple[set[stdlib.Future[int]], set[stdlib.Future[int]]] = done, pending
    for each in futures.as_completed([ours, theirs], timeout=2.0):
        number = each.result()
    for each in stdlib.as_completed([ours]):
        number = each.result()
    executor = futures.ThreadPoolExecutor(initializer=print, initargs=("a", 1))
    general: stdlib.Executor = executor
    pool: stdlib.ThreadPoolExecutor = executor
    made: futures.Future[str] = futures.Future()
    made.set_result("text")


async def loop() -> None:
    number: int = await asyncio.wrap_future(futures.Future[int]())
    asyncio.get_running_loop().set_default_executor(futures.ThreadPoolExecutor())


class Mine(futures.Future[int]):
    def extra(self) -> int:
        return self.result() + 1


def wrong() -> None:
    executor = futures.ThreadPoolExecutor("4")  # expect: call-overload
    futures.ThreadPoolExecutor(1).submit(square, "3")  # expect: arg-type
    futures.ThreadPoolExecutor(1).submit(square, 3, most=1)  # expect: call-arg
    futures.wait(5)  # expect: arg-type
    futures.Future[int]().set_result("1")  # expect: arg-type
    futures.nonsense  # expect: attr-defined
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
