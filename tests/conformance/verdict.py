"""Compare one module's stock run with its raddle run, test by test, and rerun what differs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from ending import BAD, DEAD, Outcome

MISSING = Outcome("missing")
RERUNS = 2
# So many differences are no matter of flakiness; rerunning each would only cost an hour.
CROWD = 40

Pair = tuple[Outcome, Outcome]


@dataclasses.dataclass
class Verdict:
    """One test's judgement: `ruling`, and the (stock, raddle) outcomes that led to it."""

    test: str
    ruling: str  # "same", "better", "different", "flaky", "stock flaky"
    runs: list[Pair]
    company: Outcome | None = None  # raddle's outcome in a second run of the whole module


def worse(stock: Outcome, raddle: Outcome) -> bool:
    """Return whether raddle did worse than the stock interpreter did."""
    if raddle.good:
        return False
    if raddle.kind == "missing":
        return stock.kind != "missing"
    if raddle.kind == "skip":
        return stock.kind not in ("skip", "missing")
    if raddle.kind in DEAD:
        return stock.kind not in DEAD
    return stock.kind not in (*BAD, *DEAD)


def suspicious(stock: Outcome, raddle: Outcome) -> bool:
    """Return whether a test has to be run again before it can be judged."""
    if raddle.kind == stock.kind == "skip" or raddle.kind == stock.kind == "missing":
        return False
    # Where both fail, the stock side may only have been flaky and hide a failure of raddle's.
    return not raddle.good


def compare(stock: dict[str, Outcome], raddle: dict[str, Outcome]) -> dict[str, Pair]:
    """Return the outcomes of every test of either side, MISSING where a side has none."""
    return {
        test: (stock.get(test, MISSING), raddle.get(test, MISSING))
        for test in [*stock, *(test for test in raddle if test not in stock)]
    }


def rule(test: str, runs: list[Pair], company: Outcome | None = None) -> Verdict:
    """Judge a test by its module run, runs[0], and its reruns alone, runs[1:].

    It differs if raddle did worse at least twice, or did so once where no rerun was made. A
    failure that needs the rest of its module is caught by `company`: the whole module again.
    """
    first, *again = runs
    count = sum(worse(stock, raddle) for stock, raddle in runs)
    wobbly = len({stock.good for stock, _ in runs}) > 1
    ruling = "same"
    if worse(*first) and not again and company is None:
        ruling = "different"
    elif any(worse(stock, raddle) for stock, raddle in again) and not first[1].good:
        # Failed at first, and failed again where stock did not.
        ruling = "different"
    elif count and company is not None and worse(first[0], company):
        ruling = "different"
    elif wobbly:
        ruling = "stock flaky"
    elif count:
        ruling = "flaky"
    elif first[1].good and first[0].kind not in ("missing", "skip") and not first[0].good:
        ruling = "better"
    return Verdict(test, ruling, runs, company)


def judge(
    stock: dict[str, Outcome],
    raddle: dict[str, Outcome],
    alone: Callable[[str], Pair] | None,
    whole: Callable[[], dict[str, Outcome]] | None,
    process: str = "",
) -> list[Verdict]:
    """Judge every test; `alone` reruns one on both sides, `whole` the module with raddle.

    None for either means that nothing is run again, and every difference counts. `process`
    is the id that stands for the process as a whole, which no rerun of one test can check.
    """
    pairs = compare(stock, raddle)
    doubtful = [test for test, pair in pairs.items() if suspicious(*pair)]
    crowd = len(doubtful) > CROWD
    runs: dict[str, list[Pair]] = {test: [pair] for test, pair in pairs.items()}
    if alone is not None and not crowd:
        for test in doubtful:
            if test == process:
                continue
            for _ in range(RERUNS):
                runs[test].append(alone(test))
                if worse(*runs[test][-1]):
                    break
    # Alone they are as stock is: was the first failure chance, or does it need company?
    cleared = [
        test
        for test in doubtful
        if (len(runs[test]) > 1 or test == process)
        and worse(*runs[test][0])
        and not any(worse(*pair) for pair in runs[test][1:])
    ]
    second = whole() if cleared and whole is not None else None

    def company(test: str) -> Outcome | None:
        return second.get(test, MISSING) if second is not None and test in cleared else None

    return [rule(test, runs[test], company(test)) for test in pairs]
