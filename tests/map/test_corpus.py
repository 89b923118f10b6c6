"""A real workload: hash and count the words of Python's own library, on every backend."""

import subprocess
import sys

import kinds
import pytest
import raddle
from paths import ROOT

pytestmark = pytest.mark.raddle_only

FILE = ROOT / "examples" / "corpus.py"


@pytest.fixture(scope="module")
def example():
    sys.path.insert(0, str(FILE.parent))
    try:
        import corpus

        yield corpus
    finally:
        sys.path.remove(str(FILE.parent))


@pytest.fixture(scope="module")
def expected(example):
    paths = example.corpus(300)
    return paths, example.summary(map(example.read, paths))


def test_there_is_a_corpus(expected):
    paths, (digest, words, common) = expected
    assert len(paths) == 300
    assert (len(digest), common) == (64, "self")
    assert words > 500_000


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_every_backend_comes_to_the_answer_of_a_plain_loop(kind, example, expected):
    paths, answer = expected
    with raddle.Pool(2, kind) as pool:
        assert example.summary(pool.map(example.read, paths)) == answer
        unordered = pool.map(example.read, paths, ordered=False)
        assert sorted(unordered) == sorted(map(example.read, paths))


def test_the_example_runs_and_says_who_was_how_fast():
    done = subprocess.run(
        [sys.executable, FILE, "threads"], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    assert "one thread" in done.stdout
    assert "times as fast" in done.stdout
    assert "NOT the same" not in done.stdout
