"""CPython's own tests, unmodified, on the interpreter that runs this file: stock and raddle.

    python tests/conformance/run.py [--module test_thread] [--test '*fork*'] [--stock-only]

Each module runs in a process of its own through `python -m test`, once without raddle and
once with RADDLE=1 in the environment, which its children inherit. The exit status is 0 only
if no test did worse with raddle than without, waivers.toml aside.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import launch
import origin
import table
import verdict
import waiver
from ending import Outcome

HERE = Path(__file__).resolve().parent

MODULES = (
    "test_threading",
    "test_thread",
    "test_threading_local",
    "test_threadsignals",
    "test_threadedtempfile",
    "test_sched",
    "test_faulthandler",
    "test_queue",
    "test_concurrent_futures.test_future",
    "test_concurrent_futures.test_wait",
    "test_concurrent_futures.test_as_completed",
    "test_concurrent_futures.test_thread_pool",
    "test_concurrent_futures.test_shutdown",
    "test_concurrent_futures.test_init",
    "test_concurrent_futures.test_interpreter_pool",
    "test_asyncio.test_threads",
    "test_asyncio.test_futures",
    "test_asyncio.test_base_events",
)
# What of a module is run, where that is not all of it, by the module's beginning: the pools of
# processes take minutes, and their work is done by the interpreter's own code.
PARTS = {
    "test_concurrent_futures": ["*Thread*", "*Interpreter*", "*FutureTests*", "*Completed*"],
}


def is_there(module: str) -> bool:
    """Return whether this interpreter was installed with a test module."""
    try:
        return importlib.util.find_spec(f"test.{module}") is not None
    except ImportError:
        return False


def tag() -> str:
    """Return the running interpreter's tag: "3.14", or "3.14t" where it is free-threaded."""
    free = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return f"{sys.version_info.major}.{sys.version_info.minor}{free}"


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--module", action="append", metavar="NAME", help="run only this module (repeatable)"
    )
    parser.add_argument(
        "--test",
        action="append",
        metavar="PATTERN",
        help="run only matching tests (repeatable)",
    )
    parser.add_argument("--stock-only", action="store_true", help="run without raddle only")
    parser.add_argument(
        "--timeout",
        type=float,
        default=120.0,
        metavar="SECONDS",
        help="how long one test may take before it counts as hung (default: %(default)s)",
    )
    parser.add_argument(
        "--json", type=Path, metavar="PATH", help="write the whole record there"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show regrtest's output")
    return parser.parse_args(arguments)


def probe() -> tuple[list[str], dict]:
    """Survey a fresh process with RADDLE=1; return what it lacks, and the survey."""
    env = launch.environment(raddle=True)
    done = subprocess.run(
        [sys.executable, str(HERE / "origin.py")],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode != 0:
        return [f"the probe failed: {done.stderr.strip()[-2000:]}"], {"origins": {}}
    survey = json.loads(done.stdout)
    survey["children"] = origin.children(sys.executable, env)
    wrong = origin.complaints(survey, raddle=True)
    if not survey["threading"] or not all(survey["children"].values()):
        wrong.append(f"children with RADDLE=1 run without it: {survey['children']}")
    return wrong, survey


class Module:
    """One test module: its two runs, and the judgement over them."""

    def __init__(self, name: str, chosen: argparse.Namespace) -> None:
        self.name = name
        self.timeout = chosen.timeout
        self.match = chosen.test or PARTS.get(name.partition(".")[0])
        self.mirror = sys.stdout if chosen.verbose else None
        self.problems: list[str] = []
        self.process = f"test.{name}"
        self.stock = self._run(raddle=False)
        self.stock_tests = self._outcomes(self.stock)
        self.raddle: launch.Run | None = None
        self.verdicts: list[verdict.Verdict] = []

    def _run(self, raddle: bool, match: list[str] | None = None) -> launch.Run:
        found = launch.run(
            self.name, raddle, self.timeout, match or self.match, mirror=self.mirror
        )
        # A process that died could leave no witness; its death is a difference already.
        if found.witness is not None or found.process.good:
            for wrong in origin.complaints(found.witness, raddle):
                if wrong not in self.problems:
                    self.problems.append(wrong)
        return found

    def _outcomes(self, run: launch.Run) -> dict[str, Outcome]:
        return {**run.tests, self.process: run.process}

    def _alone(self, test: str) -> verdict.Pair:
        def side(raddle: bool) -> Outcome:
            found = self._run(raddle, [test])
            return found.tests.get(test, verdict.MISSING)

        return side(False), side(True)

    def judge(self) -> None:
        """Run the module with raddle and judge each test, rerunning what differs."""
        self.raddle = self._run(raddle=True)
        self.verdicts = verdict.judge(
            self.stock_tests,
            self._outcomes(self.raddle),
            self._alone,
            lambda: self._outcomes(self._run(raddle=True)),
            self.process,
        )

    def ruled(self, *rulings: str) -> list[verdict.Verdict]:
        return [each for each in self.verdicts if each.ruling in rulings]

    def record(self) -> dict:
        """Return what the table and the JSON file say of this module."""

        def side(run: launch.Run) -> dict:
            return {
                "counts": table.counts(list(run.tests.values())),
                "process": run.process,
                "seconds": round(run.seconds, 1),
                "witness": run.witness,
                "tests": run.tests,
            }

        record = {"module": self.name, "stock": side(self.stock), "problems": self.problems}
        if self.raddle is not None:
            record["raddle"] = side(self.raddle)
        for name, rulings in (
            ("differences", ("different",)),
            ("flaky", ("flaky", "stock flaky")),
            ("better", ("better",)),
        ):
            record[name] = self.ruled(*rulings)
        return record

    def show(self, excused: dict[str, str]) -> None:
        """Print this module's row, then each thing that a reader has to know about it."""
        print(table.row(self.record()), flush=True)
        lines = table.failures(self.stock_tests)
        lines += table.differences(self.ruled("different"), excused)
        for each in self.ruled("flaky", "stock flaky"):
            lines.append(f"  {each.ruling}: {each.test} ({table.kinds(each)})")
        lines += [f"  better than stock: {each.test}" for each in self.ruled("better")]
        lines += [f"  PROBLEM {wrong}" for wrong in self.problems]
        if lines:
            print("\n".join(lines), flush=True)


def conclude(modules: list[Module], excused: dict[str, str], problems: list[str]) -> tuple:
    """Return (passed, failed): raddle's good tests, and every unwaived thing against it."""
    good = [
        test
        for module in modules
        for test, result in (module.raddle.tests if module.raddle else {}).items()
        if result.good
    ]
    different = {each.test for module in modules for each in module.ruled("different")}
    ran = {each.test for module in modules for each in module.verdicts}
    for test in waiver.unused(excused, different, ran):
        problems.append(f"unused waiver: {test}")
    wrong = len(different - set(excused)) + len(problems)
    wrong += sum(len(module.problems) for module in modules)
    return len(set(good) - different), wrong


def main(arguments: list[str] | None = None) -> int:
    """Run, print and write everything; return the exit status."""
    chosen = options(arguments)
    launch.restore_signals()
    mine, problems = tag(), []
    excused = waiver.load(HERE / "waivers.toml").get(mine, {})
    print(f"CPython {sys.version.split()[0]} ({mine}), {sys.executable}")
    record: dict = {"tag": mine, "version": sys.version, "executable": sys.executable}
    if not chosen.stock_only:
        problems, survey = probe()
        build = origin.fingerprint(sys.executable, launch.environment(raddle=False))
        record["probe"] = survey
        print("\n".join(table.origins(survey)))
        for wrong in problems:
            print(f"PROBLEM {wrong}")
    printed = len(problems)
    print(table.heading())
    modules = []
    for name in chosen.module or MODULES:
        if not is_there(name):
            print(f"{name}: this interpreter was installed without it")
            continue
        module = Module(name, chosen)
        if not chosen.stock_only:
            module.judge()
            if name == "test_queue":
                module.problems += origin.untested_queues(sys.executable)
        modules.append(module)
        module.show(excused)
    if chosen.stock_only:
        outcomes = [result for module in modules for result in module.stock.tests.values()]
        passed = sum(result.good for result in outcomes)
        failed = sum(not result.good and result.kind != "skip" for result in outcomes)
        status = 0 if outcomes else 1
        print(f"{mine} stock: {table.brief(table.counts(outcomes))}")
    else:
        if origin.fingerprint(sys.executable, launch.environment(raddle=False)) != build:
            problems.append("raddle was installed anew while its tests ran")
        passed, failed = conclude(modules, excused, problems)
        ran = any(module.raddle.tests for module in modules)
        status = 0 if ran and not failed else 1
        for wrong in problems[printed:]:
            print(f"PROBLEM {wrong}")
        print(summary(mine, modules, excused))
    if chosen.json:
        record |= {
            "modules": [module.record() for module in modules],
            "waivers": excused,
            "problems": problems,
            "passed": passed,
            "failed": failed,
        }
        table.write(chosen.json, record)
    print(f"{passed} passed, {failed} failed")
    return status


def summary(mine: str, modules: list[Module], excused: dict[str, str]) -> str:
    """Return the interpreter's line: both counts, and what differs, is waived or flaky."""
    stock = [result for module in modules for result in module.stock.tests.values()]
    raddle = [result for module in modules for result in module.raddle.tests.values()]
    different = [each.test for module in modules for each in module.ruled("different")]
    waived = sum(test in excused for test in different)
    flaky = sum(len(module.ruled("flaky", "stock flaky")) for module in modules)
    return (
        f"{mine}: stock {table.brief(table.counts(stock))}; "
        f"raddle {table.brief(table.counts(raddle))}; "
        f"{len(different)} differ, {waived} of them waived; {flaky} flaky"
    )


if __name__ == "__main__":
    sys.exit(main())
