"""How `raddle dump PID` asks a process, in one way for each kind of system.

Question(pid)    a process that has been asked, until the `with` block ends; its
                 wait(limit, timeout) returns the answer
listening()      the (pid, name) of each process of this user that would answer now
RefusedError     why there is no answer
"""

from raddle._diagnose.dump import signal_handler
from raddle._diagnose.dump.asking.refused import RefusedError

if signal_handler.number() is None:
    from raddle._diagnose.dump.asking.connection import Question, listening
else:
    from raddle._diagnose.dump.asking.letterbox import Question, listening

__all__ = ["Question", "RefusedError", "listening"]
