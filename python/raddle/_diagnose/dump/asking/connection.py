"""Where no signal can ask: the process listens at a place of its own, and answers there."""

import os
import time

from raddle import _raddle
from raddle._diagnose.dump import listener, process_tree
from raddle._diagnose.dump.asking import refused
from raddle._diagnose.program import stack


class Question:
    """A process that has been asked, until the `with` block ends."""

    def __init__(self, pid):
        self._pid = pid
        self._asked = None

    def __enter__(self):
        try:
            self._asked = _raddle._Asked(listener.place(self._pid), self._pid)
        except FileNotFoundError:
            known = process_tree.processes()
            if self._pid not in known:
                raise refused.RefusedError(f"there is no process {self._pid}") from None
            raise refused.deaf(_name(self._pid, known)) from None
        except PermissionError:
            raise refused.RefusedError(
                f"{_name(self._pid, process_tree.processes())} belongs to another user, who "
                "alone may ask it"
            ) from None
        except BlockingIOError:
            raise refused.busy(self._pid) from None
        except (OSError, OverflowError) as error:
            raise refused.RefusedError(
                f"process {self._pid} cannot be asked: {error}"
            ) from None
        return self

    def __exit__(self, *_):
        self._asked = None

    def wait(self, limit, timeout):
        """Return the answer; RefusedError at the `limit`, which is `timeout` seconds away."""
        try:
            answer = self._asked.wait(max(0.0, limit - time.monotonic()))
        except OSError:
            answer = b""
        if answer is None:
            raise refused.unanswered(self._pid, timeout)
        if not answer:
            raise refused.ended(self._pid)
        return answer


def _name(pid, known):
    name = known[pid][1] if pid in known else ""
    return f"process {pid} ({stack.clean(name)})" if name else f"process {pid}"


def listening():
    """Return the (pid, name) of each process of this user that would answer now."""
    known = process_tree.processes()
    found = [pid for pid in known if pid != os.getpid() and listener.listens(pid)]
    return sorted((pid, known[pid][1]) for pid in found)
