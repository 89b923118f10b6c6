"""Code for programs of tests that fork: what the child does, and how it ended."""

FORKED = """
import os, signal, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)
def forked(work):
    "Call work() in a forked child, which hangs for a minute at most; return its exit code."
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        try:
            work()
            sys.stdout.flush()
            os._exit(0)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
def print_forked(work):
    print("exit", forked(work), flush=True)
"""
