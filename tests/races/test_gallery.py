"""The gallery: every race is told on every run, and what only looks like one is not.

RADDLE_RUNS says how often each racy program is run: once, if it says nothing.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from programs import PLAIN
from races import HERE, QUIET, RACY, run, wrong
from raddle._diagnose.race import settings

pytestmark = [
    pytest.mark.raddle_only,
    pytest.mark.skipif(settings.refusal() is not None, reason=str(settings.refusal())),
]
RUNS = int(os.environ.get("RADDLE_RUNS", 1))
AT_ONCE = 3  # programs that run
AHEAD = 12  # programs that are asked for before their test


class Ahead:
    """What the programs do: those after the one that is asked for begin to run as well."""

    def __init__(self, pool, names, call):
        self._pool, self._names, self._call, self._found = pool, names, call, {}

    def of(self, name):
        at = self._names.index(name)
        for each in self._names[at : at + AHEAD]:
            if each not in self._found:
                self._found[each] = self._pool.submit(self._call, each)
        return self._found.pop(name).result()


@pytest.fixture(scope="module")
def pool():
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield pool
        pool.shutdown(cancel_futures=True)


def _racy(name):
    path = HERE / "racy" / name
    return [wrong(path, run(path, "--race")) for _ in range(RUNS)]


def _quiet(name):
    path = HERE / "quiet" / name
    return run(path, "--race"), run(path, by=PLAIN)


@pytest.fixture(scope="module")
def racy(pool):
    return Ahead(pool, RACY, _racy)


@pytest.fixture(scope="module")
def quiet(pool):
    return Ahead(pool, QUIET, _quiet)


@pytest.mark.parametrize("name", RACY)
def test_a_race_is_told_on_every_run(name, racy):
    assert [bad for bad in racy.of(name) if bad] == []


@pytest.mark.parametrize("name", QUIET)
def test_what_only_looks_like_a_race_is_not_told(name, quiet):
    checked, plain = quiet.of(name)
    assert checked == plain
    assert plain[0] == 0 and plain[1].endswith("end\n") and plain[2] == ""


def test_the_gallery_is_as_large_as_promised():
    kinds = {name.partition("/")[0] for name in RACY}
    assert kinds == {"check", "unordered", "update", "walk"}
    assert len(RACY) >= 50 and len(QUIET) >= 40
