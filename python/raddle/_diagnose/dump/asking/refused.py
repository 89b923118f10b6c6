"""Why a process does not show its threads."""


class RefusedError(Exception):
    """The process cannot be asked, or did not answer; the text says why."""


def unanswered(pid, timeout):
    """Return the error of a process that was asked, and says nothing."""
    return RefusedError(
        f"process {pid} did not answer within {timeout:g} s: its main "
        "thread is in foreign code, which lets no Python run"
    )


def ended(pid):
    """Return the error of a process that was asked, and is gone."""
    return RefusedError(f"process {pid} ended before it answered")


def busy(pid):
    """Return the error of a process that answers somebody else."""
    return RefusedError(f"another `raddle dump {pid}` is waiting for its answer")


def deaf(name):
    """Return the error of a process that does not listen; `name` is its number and program."""
    from raddle._diagnose.dump.signal_handler import VARIABLE

    return RefusedError(
        f"{name} does not run under `raddle run` or with {VARIABLE}=1 (or "
        "has only just begun): nothing was sent to it"
    )
