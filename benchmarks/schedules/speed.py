"""How quickly schedules are tried: `python -m benchmarks.schedules.speed`.

Schedules a second of two threads that each add to a number under a lock three times, by raddle
and by the peers of peers.txt; what a step costs, and a minute of time-outs; and a suite of a
hundred tests with threads under a hundred schedules each, against as many plain runs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter  # the real one: peers replace time.perf_counter

from .. import machine
from . import peers

MODULE = ("-m", "benchmarks.schedules.speed")
ROUNDS = 3  # of which the best counts
TOOLS = ("plain", "raddle", "frontrun random", "interleave-test")
SUITE = """
import threading

import pytest

@pytest.mark.parametrize("number", range(100))
def test_total(number):
    lock, total = threading.Lock(), [0]

    def add():
        for _ in range(3):
            with lock:
                total[0] += 1

    threads = [threading.Thread(target=add) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert total == [6]
"""
NAPS = """    import time

    def add():
        time.sleep(0.001)"""
RERUN = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    from _pytest.runner import runtestprotocol
    for _ in range(100):
        if hasattr(item, "_request"):
            item._initrequest()
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    return True
"""


class Total:
    """Two threads that add to a number under a lock, three times each."""

    def __init__(self, threading):
        self.lock, self.total, self._threading = threading.Lock(), 0, threading

    def add(self):
        for _ in range(3):
            with self.lock:
                self.total += 1

    def run(self):
        threads = [self._threading.Thread(target=self.add) for _ in range(2)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert self.total == 6


def plain(runs):
    import threading

    for _ in range(runs):
        Total(threading).run()


def raddle(runs):
    import raddle
    from raddle import threading

    raddle.explore(lambda: Total(threading).run(), runs=runs, strategy="random", seed=1)


def frontrun(runs):
    import threading

    import frontrun

    def state():
        return Total(threading)

    frontrun.explore(
        setup=state,
        workers=[Total.add, Total.add],
        invariant=lambda state: state.total == 6,
        strategy="random",
        detect_io=False,
        reproduce_on_failure=0,
        max_attempts=runs,
        seed=1,
    )


def interleave_test(runs):
    import threading

    import interleave_test

    interleave_test.explore(
        lambda: Total(threading).run(), iterations=runs, seed=1, strategy="random"
    )


def time(tool: str, runs: int) -> float:
    """Return the runs a second of a tool, in this process."""
    call = {
        "plain": plain,
        "raddle": raddle,
        "frontrun random": frontrun,
        "interleave-test": interleave_test,
    }[tool]
    call(10)
    best = float("inf")
    for _ in range(ROUNDS):
        began = perf_counter()
        call(runs)
        best = min(best, perf_counter() - began)
    return runs / best


def step() -> tuple[float, float]:
    """Return what an acquire() and a release() cost in nanoseconds, plain and explored.

    One thread does it: no turn changes hands.
    """
    import raddle
    from raddle import threading

    lock, count, out = threading.Lock(), 20_000, []
    now = perf_counter  # (In a run this module's name is another clock's.)

    def work():
        began = now()
        for _ in range(count):
            lock.acquire()
            lock.release()
        out.append((now() - began) / count / 2 * 1e9)

    for _ in range(ROUNDS):
        work()
    plain = min(out)
    out.clear()
    for _ in range(ROUNDS):
        raddle.replay("r1", work)
    return plain, min(out)


def cascade() -> list[float]:
    """Return the milliseconds of 60 seconds of time-outs.

    They are of one thread, one after the other; of Timers, each of which starts the next; and
    of 60 threads, which wait for up to 60 seconds.
    """
    import raddle
    from raddle import threading

    def alone():
        event = threading.Event()
        for _ in range(60):
            event.wait(1)

    def chain():
        done = threading.Event()

        def link(number):
            if number:
                threading.Timer(1, link, [number - 1]).start()
            else:
                done.set()

        link(60)
        done.wait()

    def together():
        event = threading.Event()
        threads = [threading.Thread(target=event.wait, args=[n + 1]) for n in range(60)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    out = []
    for each in (alone, chain, together):
        seconds = []
        for _ in range(ROUNDS):
            began = perf_counter()
            raddle.replay("r1", each)
            seconds.append(perf_counter() - began)
        out.append(min(seconds) * 1e3)
    return out


def suite(python: str, nap: bool) -> tuple[float, float]:
    """Return the seconds of a hundred tests, run a hundred times each: plain, and explored.

    Of several rounds, which take turns, the best counts. With `nap` each thread sleeps for a
    millisecond.
    """
    rounds = [_round(python, nap) for _ in range(1 if nap else ROUNDS)]
    return min(each[0] for each in rounds), min(each[1] for each in rounds)


def _round(python: str, nap: bool) -> tuple[float, float]:
    seconds = []
    for plugin, options in (
        (RERUN, ()),
        ("", ("--raddle-explore", "--raddle-explore-for=100")),
    ):
        with tempfile.TemporaryDirectory() as folder:
            text = SUITE.replace("    def add():", NAPS) if nap else SUITE
            Path(folder, "test_total.py").write_text(text, encoding="utf-8")
            Path(folder, "conftest.py").write_text(plugin, encoding="utf-8")
            command = (python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options)
            began = perf_counter()
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            seconds.append(perf_counter() - began)
    return seconds[0], seconds[1]


def ask(python: str, tool: str, runs: int, own: str) -> float | None:
    """Return the runs a second of a tool, in a process of its own."""
    command = (
        *(peers.command(tool, python, own) if tool in peers.PEERS else (python,)),
        *(*MODULE, "--time", tool, "--runs", str(runs)),
    )
    done = subprocess.run(command, capture_output=True, text=True, cwd=machine.ROOT)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return json.loads(lines[-1])["a second"] if lines else None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.schedules.speed")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with raddle")
    parser.add_argument("--home", type=Path, help="where the peers' environment is")
    parser.add_argument("--save", metavar="NAME", help="write results/schedules-NAME.json")
    options = parser.parse_args()
    home = options.home or Path(tempfile.gettempdir()) / "schedules-peers"
    found: dict[str, object] = {}
    own, tools = "", TOOLS
    try:
        own = peers.installed(options.python, home)
    except subprocess.CalledProcessError:
        print("the peers cannot be installed for this interpreter")
        tools = tuple(tool for tool in TOOLS if tool not in peers.PEERS)
    for tool in tools:
        found[tool] = ask(options.python, tool, 100 if tool in peers.PEERS else 2000, own)
        print(f"{tool:20} {found[tool] or float('nan'):10.0f} schedules a second", flush=True)
    command = (options.python, *MODULE, "--step")
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=machine.ROOT)
    found["step"] = before, after = json.loads(done.stdout)
    print(f"a step costs {after - before:.0f} ns more ({before:.0f} ns, {after:.0f} ns)")
    command = (options.python, *MODULE, "--cascade")
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=machine.ROOT)
    found["cascade"] = cascades = json.loads(done.stdout)
    print(f"60 s of time-outs take {', '.join(f'{each:.1f} ms' for each in cascades)}")
    for name, nap in (("suite", False), ("suite that naps", True)):
        found[name] = reruns, explored = suite(options.python, nap)
        print(f"{name}: {explored:.1f} s explored, {reruns:.1f} s plain", flush=True)
    if options.save:
        path = machine.ROOT / "benchmarks" / "results" / f"schedules-{options.save}.json"
        described = machine.describe() | {"speed": found}
        path.write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
    return 0


def trial() -> None:
    """What a process that is asked does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--time")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--step", action="store_true")
    parser.add_argument("--cascade", action="store_true")
    options = parser.parse_args()
    if options.step:
        print(json.dumps(step()))
    elif options.cascade:
        print(json.dumps(cascade()))
    else:
        print(json.dumps({"a second": time(options.time, options.runs)}))


if __name__ == "__main__":
    if {"--time", "--step", "--cascade"} & set(sys.argv):
        trial()
    else:
        sys.exit(main())
