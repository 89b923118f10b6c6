"""`raddle dump PID`: make another process of the same user show its threads.

How it is asked differs with the system: `asking`.
"""

import contextlib
import os
import signal
import sys
import time

from raddle._diagnose.dump.asking import Question, RefusedError

TIMEOUT = 10.0  # seconds that a process may take to answer
MOST = 100  # processes that are asked at once: each takes three descriptors


def dump(word, timeout=TIMEOUT, tree=False):
    """Print the threads of the process `word` (its pid, as text); return the exit status.

    With `tree`, those of all its descendants as well, and which of them could not be asked.
    """
    try:
        pid = _pid(word)
        answered = _show_tree(pid, timeout) if tree else _show(ask(pid, timeout))
    except RefusedError as why:
        if sys.stderr is not None:
            sys.stderr.write(f"raddle: {why}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if answered else 1


def _show(text):
    if sys.stdout is not None:
        sys.stdout.buffer.write(text)
        sys.stdout.flush()
    return True


def _show_tree(pid, timeout):
    from raddle._diagnose.dump import process_tree

    pids = [each for each in process_tree.tree(pid) if each != os.getpid()]
    answered, gap = 0, b""
    with contextlib.closing(_all(pids, timeout)) as answers:
        for each in answers:
            refused = isinstance(each, RefusedError)
            if refused and len(pids) == 1:
                raise each
            _show(gap + (f"raddle: {each}\n".encode() if refused else each))
            answered, gap = answered + (not refused), b"\n"
    if not answered:
        raise RefusedError(f"none of these {len(pids)} processes answered")
    return answered


def _all(pids, timeout):
    """Ask processes, all at once; yield the answer of each, or a RefusedError."""
    for start in range(0, len(pids), MOST):
        with _Ended(), contextlib.ExitStack() as asked:
            questions = []
            for pid in pids[start : start + MOST]:
                try:
                    questions.append(asked.enter_context(Question(pid)))
                except RefusedError as why:
                    questions.append(why)
            limit = time.monotonic() + timeout
            for each in questions:
                try:
                    yield each if isinstance(each, RefusedError) else each.wait(limit, timeout)
                except RefusedError as why:
                    yield why


def _pid(word):
    if not (word.isascii() and word.isdigit()) or int(word) == 0:
        raise RefusedError(f"{word!r} is no process id")
    return int(word)


def ask(pid, timeout=TIMEOUT):
    """Return the dump of a process as bytes; raises RefusedError if there is none."""
    with _Ended(), Question(pid) as question:
        return question.wait(time.monotonic() + timeout, timeout)


class _Ended:
    """Lets SIGTERM and SIGHUP end the block as Ctrl-C does, so that it tidies up."""

    def __enter__(self):
        names = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP.
        numbers = [getattr(signal, each) for each in names if hasattr(signal, each)]
        self._before = {each: signal.signal(each, self._end) for each in numbers}

    @staticmethod
    def _end(number, frame):
        raise SystemExit(128 + number)

    def __exit__(self, *_):
        for each, handler in self._before.items():
            signal.signal(each, handler)
