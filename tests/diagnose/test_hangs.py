"""The gallery: every hang is told in its own words, and what only looks like one is not."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from gallery import DEADLINE, HANGS, HERE, QUIET, end, said, start

pytestmark = pytest.mark.raddle_only
AT_ONCE = 8  # programs that hang


class Ahead:
    """What the programs say: the one that is asked for and the next run at the same time."""

    def __init__(self, pool):
        self._pool, self._found = pool, {}

    def of(self, name):
        """Return what this one has said, once it is what its file has, or long enough after."""
        at = HANGS.index(name)
        for each in HANGS[at : at + AT_ONCE]:
            if each not in self._found:
                self._found[each] = self._pool.submit(said, start(each), wanted(each).__eq__)
        return self._found[name].result()


def wanted(name):
    return (HERE / f"{name}.txt").read_text()


@pytest.fixture(scope="module")
def ahead():
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield Ahead(pool)


@pytest.mark.parametrize("name", HANGS)
def test_a_hang_is_told(name, ahead):
    assert ahead.of(name) == wanted(name)


@pytest.fixture(scope="module", params=["", "--check"])
def quiet(request):
    """All the programs that end by themselves, running at the same time."""
    options = request.param.split()
    running = {name: start(name, HERE / "quiet", *options) for name in QUIET}
    yield running
    for process in running.values():
        if process.returncode is None:
            end(process)


@pytest.mark.parametrize("name", QUIET)
def test_what_only_looks_like_a_hang_is_not_told(name, quiet):
    out, err = quiet[name].communicate(timeout=DEADLINE)
    out, err = out.replace(b"\r\n", b"\n"), err.replace(b"\r\n", b"\n")
    assert (out, err, quiet[name].returncode) == (b"end\n", b"", 0)


def test_the_gallery_is_as_large_as_promised():
    hangs, quiet = len(list(HERE.glob("*.py"))), len(list((HERE / "quiet").glob("*.py")))
    assert hangs >= 60 and quiet >= 45
    if sys.platform == "win32":  # Some need forks and signals.
        assert len(HANGS) >= hangs - 3 and len(QUIET) >= quiet - 15
    else:
        assert (len(HANGS), len(QUIET)) == (hangs, quiet)
