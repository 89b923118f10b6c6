"""Hash every file of Python's own library and count its words, on every backend there is.

    python examples/corpus.py [backend ...]

One function, the same for all: `raddle.map` says what runs it. Prints how long each took, and
exits with 1 if any of them came to another answer.
"""

import collections
import hashlib
import re
import sys
import sysconfig
import time
from pathlib import Path

import raddle

BACKENDS = ["threads", "cores", "interpreters", "processes", "dask"]
WORD = re.compile(r"[A-Za-z_]+")


def corpus(limit=None):
    """Return the paths of the library's sources, the largest first."""
    home = Path(sysconfig.get_path("stdlib"))
    files = [p for p in home.rglob("*.py") if "site-packages" not in p.parts]
    files.sort(key=lambda path: (-path.stat().st_size, path))
    return [str(path) for path in files[:limit]]


def read(path):
    """Return a file's hash, its number of words, and the ten that are there most."""
    data = Path(path).read_bytes()
    words = collections.Counter(WORD.findall(data.decode("utf-8", "replace")))
    top = sorted(words.items(), key=lambda item: (-item[1], item[0]))[:10]
    return hashlib.sha256(data).hexdigest(), words.total(), top


def summary(results):
    """Return one hash for all files, how many words there are, and the commonest."""
    whole, count, common = hashlib.sha256(), 0, collections.Counter()
    for digest, words, top in results:
        whole.update(digest.encode())
        count += words
        common.update(dict(top))
    word = min(common, key=lambda each: (-common[each], each))
    return whole.hexdigest(), count, word


def timed(paths, backend, workers=None):
    """Return the answer, the seconds it took, workers' start left out, and what they are."""
    with raddle.Pool(workers, backend) as pool:
        list(pool.map(read, paths[-2:]))  # a first round, so that workers are there
        began = time.perf_counter()
        answer = summary(pool.map(read, paths))
        return answer, time.perf_counter() - began, pool.backend


def main(backends):
    paths = corpus()
    size = sum(len(Path(path).read_bytes()) for path in paths)  # and nobody is first to
    print(f"{len(paths)} files, {size / 1e6:.0f} MB; {raddle.cores()!r}")
    expected, alone, _ = timed(paths, "threads", 1)
    print(f"  {'one thread':<13} {alone:6.2f} s")
    wrong = 0
    for backend in backends:
        try:
            answer, seconds, workers = timed(paths, backend)
        except (ImportError, NotImplementedError) as error:
            print(f"  {backend:<13}      -    {str(error).split(':')[0]}")
            continue
        same = answer == expected
        wrong += not same
        verdict = f", by {workers}" if backend == "cores" else ""
        verdict += "" if same else "   NOT the same answer"
        print(
            f"  {backend:<13} {seconds:6.2f} s   {alone / seconds:.2f} times as fast{verdict}"
        )
    digest, words, common = expected
    print(f"the answer of all: {words} words, most often {common!r}, hash {digest[:16]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or BACKENDS))
