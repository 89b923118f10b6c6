"""One tool on one program: `python trial.py TOOL PROGRAM --seeds 1 2 3`.

It is run by an interpreter that has the tool, and prints a line of JSON for each seed: after
how many schedules the program failed, or null; how many were tried; in how many seconds; how it
failed. TOOL is a peer, or a strategy of raddle's.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import types
from pathlib import Path
from time import monotonic  # the real one: peers replace time.monotonic

SUPPORT = Path(__file__).parents[2] / "tests" / "support"


class CannotExpress(Exception):
    """A tool cannot run a program; the text says why."""


def names(code: types.CodeType) -> set[str]:
    """Return the names that a function and those inside it use."""
    inner = (each for each in code.co_consts if isinstance(each, types.CodeType))
    return set(code.co_names).union(*map(names, inner))


def check(bug) -> None:
    """Raise CannotExpress for what the peers have not."""
    used = names(bug.made.__code__)
    if "sync" in used:
        raise CannotExpress("it uses raddle.sync")
    if "ThreadPoolExecutor" in used:
        raise CannotExpress("an executor's threads are not seen")


def raddle(bug, strategy: str, most: int, seconds: float, seed: int) -> dict:
    """Explore with a strategy of raddle's, which then makes the failure small, too."""
    import raddle

    try:
        done = raddle.explore(bug, runs=most, seconds=seconds, strategy=strategy, seed=seed)
    except Exception as error:
        (found,) = re.findall(r"schedule (\d+) of seed", "\n".join(error.__notes__))
        return {"found": int(found), "tried": int(found), "how": type(error).__name__}
    return {"found": None, "tried": done.runs}


def interleave_test(bug, strategy: str, most: int, seconds: float, seed: int) -> dict:
    """Explore with interleave-test."""
    import interleave_test

    check(bug)
    until = monotonic() + seconds
    tried = 0

    def model():
        nonlocal tried
        if monotonic() > until:
            raise TimeoutError
        tried += 1
        bug()

    done = interleave_test.explore(
        model,
        iterations=most,
        seed=seed,
        strategy=strategy,
        exclude=[__file__],
        raise_on_failure=False,
    )
    failure = done.failure
    if failure is None or isinstance(failure.exception, TimeoutError):
        return {"found": None, "tried": tried}
    if failure.kind == "hang":  # Its sleep() only switches, and may switch back for ever.
        return {"found": None, "tried": tried, "why": "a thread looked again and again"}
    how = type(failure.exception).__name__ if failure.exception else failure.kind
    return {"found": done.schedules_run, "tried": tried, "how": how}


def frontrun(bug, strategy: str, most: int, seconds: float, seed: int) -> dict:
    """Explore with frontrun, which starts the threads itself: those of the first `yield`."""
    import frontrun

    check(bug)

    class State:
        def __init__(self):
            self.program, self.errors = bug.made(), []
            self.calls = next(self.program)

        def is_right(self):
            try:
                next(self.program, None)
            except Exception as error:
                self.errors.append(error)
            how.extend(type(each).__name__ for each in self.errors[:1])
            return not self.errors

    def worker(place):
        def work(state):
            try:
                state.calls[place]()
            except Exception as error:
                state.errors.append(error)

        return work

    how: list[str] = []
    own = {"max_executions": most}
    if strategy == "random":
        own = {"max_attempts": most, "seed": seed, "max_ops": 3000}
    threads = len(State().calls)
    done = frontrun.explore(
        setup=State,
        workers=[worker(place) for place in range(threads)],
        invariant=State.is_right,
        strategy=strategy,
        clock="virtual",
        detect_io=False,
        reproduce_on_failure=0,
        total_timeout=seconds,
        **own,
    )
    if done.property_holds is False:
        kind = how[0] if how else "deadlock"
        return {"found": done.num_explored, "tried": done.num_explored, "how": kind}
    why = done.inconclusive_reason or ""
    if "timed out before" in why and threads < 50:
        # It does not call that a failure. The program has hung. (With many it is only slow.)
        return {"found": done.num_explored, "tried": done.num_explored, "how": "timed out"}
    return {"found": None, "tried": done.num_explored, "why": why}


PEERS = {
    "frontrun": (frontrun, "dpor"),
    "frontrun random": (frontrun, "random"),
    "interleave-test": (interleave_test, "random"),
    "interleave-test pct": (interleave_test, "pct"),
    "interleave-test dfs": (interleave_test, "dfs"),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("program")
    parser.add_argument("--seeds", type=int, nargs="+", default=[7])
    parser.add_argument("--most", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60, help="for all seeds together")
    options = parser.parse_args()
    explore, strategy = PEERS.get(options.tool, (raddle, options.tool))
    sys.path.append(str(SUPPORT))
    import bugs

    bug = next(each for each in bugs.BUGS if each.__name__ == options.program)
    until = monotonic() + options.seconds
    for seed in options.seeds:
        left = until - monotonic()
        if left <= 0:
            break
        began = monotonic()
        try:
            row = explore(bug, strategy, options.most, left, seed)
        except CannotExpress as error:
            row = {"found": None, "tried": 0, "cannot": str(error)}
        row |= {"seed": seed, "seconds": round(monotonic() - began, 3)}
        print(json.dumps(row), flush=True)
        if "cannot" in row:
            break


if __name__ == "__main__":
    main()
