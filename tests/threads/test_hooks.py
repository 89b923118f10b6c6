"""What runs around a thread's own code: hooks, its context, and the frames below it."""

import contextvars
import os
import sys

import pytest


def test_an_exception_goes_to_the_hook_with_its_thread(threading, monkeypatch):
    got = []

    def hook(args):
        got.append(
            (args.exc_type, str(args.exc_value), args.thread, args.exc_traceback is None)
        )

    monkeypatch.setattr(threading, "excepthook", hook)

    def fail():
        raise ValueError("here")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert got == [(ValueError, "here", thread, False)]
    assert not thread.is_alive() and thread not in threading.enumerate()


def test_the_default_hook_prints_the_traceback_to_stderr(child):
    done = child(
        """
        def fail():
            raise ValueError("here")
        t = threading.Thread(target=fail, name="teller")
        t.start(); t.join()
        print("after")
        """,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "after\n")
    lines = done.stderr.splitlines()
    assert lines[:2] == ["Exception in thread teller:", "Traceback (most recent call last):"]
    assert lines[-1] == "ValueError: here"
    assert all("threading.py" in line for line in lines if "_bootstrap" in line)


@pytest.mark.parametrize("code", [None, 0, 1, "text"])
def test_system_exit_ends_the_thread_and_nothing_else(child, code):
    done = child(
        f"""
        def leave():
            raise SystemExit({code!r})
        t = threading.Thread(target=leave)
        t.start(); t.join()
        print(t.is_alive())
        """
    )
    assert done.stdout == "False\n"


def test_context_is_inherited_as_the_version_says(threading, spawn):
    variable = contextvars.ContextVar("variable", default="default")
    variable.set("outer")
    inherits = bool(getattr(sys.flags, "thread_inherit_context", 0))
    got = []
    thread = threading.Thread(target=lambda: got.append(variable.get()))
    thread.start()
    thread.join()
    assert got == ["outer" if inherits else "default"]


@pytest.mark.skipif(sys.version_info < (3, 14), reason="the flag is new in 3.14")
@pytest.mark.parametrize("flag, expected", [("0", "default"), ("1", "outer")])
def test_the_flag_decides_about_the_context(child, flag, expected):
    code = """
        import contextvars
        variable = contextvars.ContextVar("variable", default="default")
        variable.set("outer")
        t = threading.Thread(target=lambda: print(variable.get()))
        t.start(); t.join()
        """
    assert child(code, "-X", f"thread_inherit_context={flag}").stdout == f"{expected}\n"


@pytest.mark.raddle_only
def test_a_given_context_is_used_on_every_version(threading):
    variable = contextvars.ContextVar("variable", default="default")
    context, got = contextvars.copy_context(), []
    context.run(variable.set, "given")

    def work():
        got.append(variable.get())
        variable.set("changed")

    thread = threading.Thread(target=work, context=context)
    thread.start()
    thread.join()
    assert got == ["given"] and context[variable] == "changed"
    assert variable.get() == "default"


def test_trace_and_profile_functions_see_the_threads_calls(threading):
    def traced():
        pass

    for setter, getter in (("settrace", "gettrace"), ("setprofile", "getprofile")):
        seen = []

        def note(frame, event, argument, seen=seen):
            if frame.f_code is traced.__code__:
                seen.append(event)

        assert getattr(threading, setter)(note) is None
        try:
            assert getattr(threading, getter)() is note
            thread = threading.Thread(target=traced)
            thread.start()
            thread.join()
        finally:
            getattr(threading, setter)(None)
        assert getattr(threading, getter)() is None
        assert seen[0] == "call"


def test_the_frames_that_debuggers_look_for_are_there(threading, held):
    frame, names = sys._current_frames()[held.thread.ident], {}
    while frame is not None:
        names.setdefault(frame.f_code.co_name, frame)
        frame = frame.f_back
    for name in ("_bootstrap", "_bootstrap_inner"):
        assert os.path.basename(names[name].f_code.co_filename) == "threading.py"
        assert names[name].f_locals["self"] is held.thread


@pytest.mark.parametrize("way", ["threading.settrace", "sys.settrace"])
def test_a_debuggers_tracer_finds_the_thread_in_the_frame_below_run(threading, spawn, way):
    seen = []

    def tracer(frame, event, argument):
        if frame.f_code is not work.__code__:
            return None
        below = frame
        while below.f_code.co_name != "_bootstrap_inner":
            below = below.f_back
        home = os.path.basename(below.f_code.co_filename)
        seen.append((event, home, below.f_locals.get("self")))
        return tracer

    def work():
        return 1

    def traced():
        if way == "sys.settrace":
            sys.settrace(tracer)
        work()
        sys.settrace(None)

    if way == "threading.settrace":
        threading.settrace(tracer)
    try:
        spawned = spawn(traced)
        spawned.result()
    finally:
        threading.settrace(None)
    assert [event for event, _, _ in seen] == ["call", "line", "return"]
    assert {(home, thread) for _, home, thread in seen} == {("threading.py", spawned.thread)}
