"""The gallery: every hang is told in its own words, and what only looks like one is not."""

import pytest
from gallery import DEADLINE, HANGS, HERE, QUIET, end, said, start

pytestmark = pytest.mark.raddle_only


@pytest.mark.parametrize("name", HANGS)
def test_a_hang_is_told(name):
    wanted = (HERE / f"{name}.txt").read_text()
    assert said(name, lambda text: text == wanted) == wanted


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
    assert (out, err, quiet[name].returncode) == (b"end\n", b"", 0)


def test_the_gallery_is_as_large_as_promised():
    assert len(HANGS) >= 20 and len(QUIET) >= 10
