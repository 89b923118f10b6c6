"""Tools that wrap what threads and executors do: what they take, and from when on it counts."""

import contextlib
import copy
import inspect
import sys
import types

import pytest


def test_a_thread_that_was_started_does_not_run_what_wraps_run_since(child):
    """As OpenTelemetry's instrumentation does, whose run() needs what its start() has set."""
    child(
        """
        errors, ran = [], []
        threading.excepthook = lambda args: errors.append(args.exc_value)
        start, run = threading.Thread.start, threading.Thread.run

        def wrapped_start(self):
            self.seen = True
            start(self)

        def wrapped_run(self):
            assert self.seen
            run(self)

        for round in range(20):
            thread = threading.Thread(target=ran.append, args=(round,))
            thread.start()
            threading.Thread.start, threading.Thread.run = wrapped_start, wrapped_run
            thread.join()
            later = threading.Thread(target=ran.append, args=(round,))
            later.start()
            later.join()
            threading.Thread.start, threading.Thread.run = start, run
        assert not errors, errors
        assert ran == [round for round in range(20) for _ in "ab"]
        """
    )


@pytest.mark.parametrize("step", ["_bootstrap_inner", "run"])
def test_a_thread_that_was_started_takes_no_step_that_is_wrapped_since(
    threading, monkeypatch, step
):
    took = []
    original = getattr(threading.Thread, step)

    def wrapped(self):
        took.append(self)
        original(self)

    for _ in range(20):
        thread = threading.Thread(target=int)
        thread.start()
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, step, wrapped)
            thread.join()
            assert took == []
            later = threading.Thread(target=int)
            later.start()
            later.join()
        assert took == [later]
        took.clear()


def test_what_is_wrapped_when_a_thread_is_started_is_what_runs(threading):
    """As Sentry does, which gives each thread a run() of its own in start()."""
    ran = []
    thread = threading.Thread(target=ran.append, args=("target",))
    run = thread.run
    thread.run = lambda: (ran.append("wrapper"), run())
    thread.start()
    thread.run = lambda: ran.append("too late")
    thread.join()
    assert ran == ["wrapper", "target"]


@pytest.mark.parametrize("step", ["_bootstrap", "_bootstrap_inner"])
@pytest.mark.parametrize("way", ["class", "subclass", "instance"])
def test_what_wraps_a_first_step_may_set_what_is_run(threading, monkeypatch, step, way):
    ran = []
    original = getattr(threading.Thread, step)

    def wrapped(self):
        self.run = lambda: ran.append("set in the thread")
        original(self)

    kind = threading.Thread
    if way == "class":
        monkeypatch.setattr(kind, step, wrapped)
    elif way == "subclass":
        kind = type("Wrapped", (kind,), {step: wrapped})
    thread = kind(target=ran.append, args=("target",))
    if way == "instance":
        monkeypatch.setattr(thread, step, types.MethodType(wrapped, thread))
    thread.start()
    thread.join()
    assert ran == ["set in the thread"]


@pytest.mark.raddle_only  # The stdlib's start() waits for ever.
def test_start_returns_where_a_wrapped_first_step_fails(threading, monkeypatch):
    def fail(self):
        raise SystemExit

    thread = threading.Thread(target=int)
    monkeypatch.setattr(thread, "_bootstrap", types.MethodType(fail, thread))
    thread.start()
    thread.join()
    assert not thread.is_alive()


@pytest.mark.parametrize("kind", ["trace", "profile"])
def test_a_thread_that_was_started_is_not_watched_by_what_is_set_since(threading, kind):
    seen = []

    def watch(frame, event, argument):
        seen.append(frame.f_code.co_name)

    def work():
        pass

    for _ in range(20):
        thread = threading.Thread(target=work)
        thread.start()
        getattr(threading, f"set{kind}")(watch)
        try:
            thread.join()
            assert seen == []
            later = threading.Thread(target=work)
            later.start()
        finally:
            getattr(threading, f"set{kind}")(None)
        later.join()
        assert "work" in seen
        seen.clear()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="nothing reaches threads that run")
@pytest.mark.parametrize("kind", ["trace", "profile"])
def test_what_is_set_for_all_threads_reaches_those_that_are_just_being_started(child, kind):
    child(
        f"""
        seen, go = [], threading.Event()

        def watch(frame, event, argument):
            seen.append((threading.get_ident(), frame.f_code.co_name))

        def work():
            go.wait()
            watched()

        def watched():
            pass

        for _ in range(20):
            go.clear(); seen.clear()
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            threading.set{kind}_all_threads(watch)
            go.set()
            for thread in threads:
                thread.join()
            threading.set{kind}_all_threads(None)
            missed = [t for t in threads if (t.ident, "watched") not in seen]
            assert not missed, missed
        """
    )


def test_nothing_of_a_start_is_left_in_a_thread(threading):
    started, ended = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: (started.set(), ended.wait()))
    before = set(vars(thread))
    thread.start()
    started.wait()
    assert set(vars(thread)) <= before
    ended.set()
    thread.join()


# submit().


def test_submit_is_the_function_that_tracers_take_it_for(futures):
    submit = futures.ThreadPoolExecutor.submit
    assert inspect.isfunction(submit) and type(submit).__name__ == "function"
    assert submit.__name__ == "submit" and submit.__qualname__ == "ThreadPoolExecutor.submit"
    assert submit.__module__ == "concurrent.futures.thread"
    assert str(inspect.signature(submit)) == "(self, fn, /, *args, **kwargs)"
    assert submit.__code__.co_argcount == 2 and submit.__code__.co_name == "submit"
    assert submit.__defaults__ is submit.__kwdefaults__ is submit.__closure__ is None
    assert copy.copy(submit) is copy.deepcopy(submit) is submit


def test_every_method_of_an_executor_has_its_module(futures):
    methods = vars(futures.ThreadPoolExecutor).values()
    modules = {each.__module__ for each in methods if inspect.isfunction(each)}
    assert modules == {"concurrent.futures.thread"}


def test_a_function_made_of_submits_code_submits(futures, pool):
    submit = futures.ThreadPoolExecutor.submit
    again = types.FunctionType(submit.__code__, submit.__globals__, "again")
    assert again(pool(1), divmod, 7, 2).result() == (3, 1)


@contextlib.contextmanager
def coded(function, code):
    """Give a function other code, as ddtrace does to wrap it."""
    before = function.__code__
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = before


def test_submit_runs_the_code_that_it_was_given(futures, pool):
    def spy(self, fn, /, *args, **kwargs):
        return self, fn, args, kwargs

    executor = pool(1)
    assert executor.submit(int).result() == 0  # (The interpreter has seen a call.)
    with coded(futures.ThreadPoolExecutor.submit, spy.__code__):
        for _ in range(100):
            assert executor.submit(max, 1, key=2) == (executor, max, (1,), {"key": 2})
    for _ in range(100):
        assert executor.submit(max, 1, 2).result() == 2


def test_submit_is_called_in_all_ways(futures, pool):
    executor = pool(1)
    submit = futures.ThreadPoolExecutor.submit
    keywords = {"self": 1, "fn": 2, "args": 3}
    for call in (executor.submit, submit.__get__(executor), types.MethodType(submit, executor)):
        assert call(dict, **keywords).result() == keywords
        assert call(*[divmod, 7, 2]).result() == (3, 1)
    assert submit(executor, dict, **keywords).result() == keywords


@pytest.mark.parametrize("count", [0, 1])
def test_submit_without_a_function_says_what_is_missing(futures, pool, count):
    with pytest.raises(TypeError, match=r"ThreadPoolExecutor\.submit\(\) missing .*'fn'"):
        futures.ThreadPoolExecutor.submit(*[pool(1)][:count])


def test_submit_of_what_is_no_executor_raises(futures):
    with pytest.raises((TypeError, AttributeError)):
        futures.ThreadPoolExecutor.submit(object(), int)


def test_a_subclass_may_wrap_submit(futures):
    class Counting(futures.ThreadPoolExecutor):
        count = 0

        def submit(self, fn, /, *args, **kwargs):
            self.count += 1
            return super().submit(fn, *args, **kwargs)

    with Counting(1) as executor:
        assert list(executor.map(abs, [-1, -2])) == [1, 2] and executor.count == 2


def test_submit_is_pickled_by_name_after_install(child):
    child(
        """
        import raddle; raddle.install()
        import pickle
        from concurrent.futures import ThreadPoolExecutor
        submit = ThreadPoolExecutor.submit
        assert pickle.loads(pickle.dumps(submit)) is submit
        """,
        prelude="",
    )


def test_a_wrapped_submit_is_what_map_calls(futures, pool, monkeypatch):
    submit, seen = futures.ThreadPoolExecutor.submit, []

    def wrapper(self, fn, /, *args, **kwargs):
        seen.append(args)
        return submit(self, fn, *args, **kwargs)

    monkeypatch.setattr(futures.ThreadPoolExecutor, "submit", wrapper)
    assert list(pool(1).map(abs, [-1, -2])) == [1, 2]
    assert seen == [(-1,), (-2,)]
