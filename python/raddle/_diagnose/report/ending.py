"""The report of a program that has run its last line and does not exit, and what keeps it.

The interpreter waits for every thread that is not a daemon, and for the workers of executors,
before it calls the atexit handlers.
"""

import sys

from raddle._diagnose.program import stack

MOST = 3  # threads that a sentence names
THREADS, HANDLER = "exit", "handler"  # what the main thread is at


def state(frame):
    """Return what a main thread with this innermost frame is at after the program's last line.

    THREADS: it waits for other threads; HANDLER: it is in an atexit handler; None: the program
    goes on.
    """
    last = None
    while frame is not None:
        last, frame = frame.f_code, frame.f_back
    threading = sys.modules.get("threading")
    if last is None or not getattr(threading, "_SHUTTING_DOWN", False):
        return None
    if last.co_name == "_shutdown" and stack.is_inner(last):
        return THREADS
    # (What runs a program, or a module, begins with a module's own lines.)
    return None if last.co_name in ("<module>", "_run_module_as_main") else HANDLER


def keepers(links):
    """Return the links of those threads that the exit waits for, but for idle workers."""
    known = {each["ident"]: stack.thread_of(each["ident"]) for each in links}
    others = [each for each in links if each["kind"] != THREADS]
    lasting = [
        each
        for each in others
        if (thread := known[each["ident"]]) is not None and not stack.fact(thread, "_daemonic")
    ]
    # (One that has no Thread may be waited for, too.)
    lasting = lasting or [each for each in others if known[each["ident"]] is None]
    return [each for each in lasting if each["kind"] != "work"] or lasting


def awaited(ident):
    """Return the threads that the exit waits for in words; `ident` is the main thread's."""
    active = getattr(sys.modules.get("threading"), "_active", {})
    idents = [
        each
        for each, thread in list(dict.items(active))
        if each != ident and not stack.fact(thread, "_daemonic")
    ]
    return listed([stack.name_of(each) for each in sorted(idents, key=stack.order)])


def listed(names):
    """Return names as a list in words."""
    if len(names) > MOST:
        names = [*names[:MOST], f"{len(names) - MOST} more"]
    if len(names) < 2:
        return names[0] if names else "a thread"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def heading(links):
    """Return the first line of a report of an exit that does not come."""
    names = [each["thread"] for each in keepers(links)]
    if not names:
        return "the program has ended, but it waits for a thread that is gone"
    keep = "keeps" if len(names) == 1 else "keep"
    return f"the program has ended, but {listed(names)} {keep} it from exiting"


def cure(links):
    """Return what helps: atexit handlers, which many try, come too late."""
    held = keepers(links)
    if not held:
        return (
            "Look whether something ends threads, or raises in the middle of start(), other "
            "than by an exception of their own: a signal's handler, or C code."
        )
    names = listed([each["thread"] for each in held])
    late = "atexit handlers come too late, they run when the threads have ended"
    if any(_is_worker(each) for each in held):
        waits = "waits" if len(held) == 1 else "wait"
        return f"Bring about what {names} {waits} for before the program's last line: {late}."
    each = "each of them" if len(held) > 1 else "it"
    return (
        f"Start {names} with daemon=True, or tell {each} to end before the program's last "
        f"line: {late}."
    )


def place(link):
    """Return where a thread is, as an insertion; "" where there is no line of the program."""
    if not link["stack"]:
        return ""
    top = link["stack"][0]
    return f" ({stack.short(top['file'])}:{top['line']})"


def _is_worker(link):
    """Return whether a thread is one of an executor's."""
    thread = stack.thread_of(link["ident"])
    code = stack.code_of(stack.fact(thread, "_target")) if thread is not None else None
    return code is not None and code.co_name == "_worker" and stack.is_inner(code)
