"""Whose `contextvars` a task sees: its submitter's, or nobody's; never another user's."""

import contextvars
import sys
import weakref

import pytest
from programs import PLAIN, Folder, environment

pytestmark = pytest.mark.raddle_only

INHERITS = bool(getattr(sys.flags, "thread_inherit_context", False))
SETTINGS = ["0", "1"] if sys.version_info >= (3, 14) else [None]
user = contextvars.ContextVar("user", default="nobody")


def as_user(name, call, *args, **kwargs):
    """Call a function in a context of its own, in which `user` has this name."""

    def run():
        user.set(name)
        return call(*args, **kwargs)

    return contextvars.copy_context().run(run)


def rename(name):
    """What a task does: return whose it is, and become another's."""
    before = user.get()
    user.set(name)
    return before


@pytest.fixture
def crew():
    """Make pools; each is shut down at the end."""
    import raddle

    made = []

    def make(*args, **kwargs):
        made.append(raddle.Pool(*args, **kwargs))
        return made[-1]

    yield make
    for each in made:
        each.shutdown()


def test_a_pools_task_sees_its_submitters_context(crew):
    pool = crew(1)
    seen = [as_user(name, pool.submit, user.get).result() for name in ("alice", "bob")]
    assert seen == ["alice", "bob"] and pool.submit(user.get).result() == "nobody"


def test_what_a_pools_task_sets_is_seen_by_no_other(crew):
    pool = crew(1)
    first = as_user("alice", pool.submit, rename, "mallory").result()
    assert (first, pool.submit(rename, "trudy").result()) == ("alice", "nobody")
    assert pool.submit(user.get).result() == user.get() == "nobody"


@pytest.mark.parametrize("name", ["map", "imap_unordered", "starmap"])
def test_a_pools_map_runs_in_the_context_of_its_call(name, crew):
    pool = crew(2)
    inputs = [(None,)] * 50 if name == "starmap" else [None] * 50
    results = as_user("alice", getattr(pool, name), lambda _: user.get(), inputs)
    assert set(as_user("bob", list, results)) == {"alice"}
    assert set(getattr(pool, name)(lambda _: user.get(), inputs)) == {"nobody"}


@pytest.mark.parametrize("more", [{}, {"ordered": False}, {"workers": 1}, {"buffersize": 1}])
def test_each_call_of_a_map_has_a_context_of_its_own(more):
    import raddle

    seen = as_user("alice", raddle.map, rename, map(str, range(100)), **more)
    assert set(seen) == {"alice"} and user.get() == "nobody"


def test_the_inputs_of_a_map_are_made_in_the_context_of_who_takes_its_results():
    import raddle

    def inputs():
        while True:
            yield user.get()

    results = as_user("alice", raddle.map, str, inputs(), workers=1)
    for _ in range(200):
        as_user("bob", next, results)
    assert as_user("carol", next, results) in ("bob", "carol")


def test_a_map_within_a_task_of_its_pool_keeps_the_tasks_context(crew):
    pool = crew(1)

    def task():
        names = list(pool.map(rename, ["x", "y"]))
        return [*names, user.get()]

    assert as_user("alice", pool.submit, task).result() == ["alice", "alice", "alice"]


def test_a_pools_initializer_and_callbacks_see_nobodys_values(crew):
    seen = []
    pool = crew(1, initializer=lambda: seen.append(rename("worker")))
    future = as_user("alice", pool.submit, user.get)
    future.add_done_callback(lambda _: seen.append(user.get()))
    assert future.result() == "alice" and pool.submit(user.get).result() == "nobody"
    pool.shutdown()
    assert seen[0] == "nobody" and "alice" not in seen[1:]


EXECUTOR = """
import contextvars, sys, threading
from concurrent.futures import ThreadPoolExecutor
user = contextvars.ContextVar("user", default="nobody")

def as_user(name, call, *args):
    def run():
        user.set(name)
        return call(*args)
    return contextvars.copy_context().run(run)

def rename(name):
    before = user.get()
    user.set(name)
    return before

begun, called = [], []
with ThreadPoolExecutor(1, initializer=lambda: begun.append(user.get())) as pool:
    go = threading.Event()
    waiting = as_user("alice", pool.submit, go.wait)
    waiting.add_done_callback(lambda _: called.append(user.get()))
    go.set()
    waiting.result()
    seen = [as_user(name, pool.submit, rename, "x").result() for name in ("alice", "bob")]
    seen += as_user("carol", lambda: list(pool.map(rename, "xyz")))
    seen.append(pool.submit(user.get).result())
print(begun[0], called[0], *seen)
"""


@pytest.mark.parametrize("setting", SETTINGS)
def test_an_executors_task_sees_its_submitters_context_where_threads_inherit(setting, tmp_path):
    folder = Folder(tmp_path)
    flag = [] if setting is None else ["-X", f"thread_inherit_context={setting}"]
    command = [*PLAIN, *flag, folder.write(EXECUTOR)]
    ours = folder.run(*command, env=environment(RADDLE="1"))
    if setting == "1":
        wanted = "nobody nobody alice bob carol carol carol nobody\n"
    else:
        # A worker has a context of its own, as in the standard library.
        wanted = "nobody nobody nobody x x x y z\n"
        theirs = folder.run(*command)
        assert (theirs.stdout, theirs.stderr) == (wanted, "")
    assert (ours.stdout, ours.stderr) == (wanted, "")


def test_so_does_one_of_an_executor_with_contexts_of_its_own(futures):
    class Own:
        def initialize(self): ...
        def finalize(self): ...
        def run(self, task):
            return (user.get(), task)

    class Executor(futures.ThreadPoolExecutor):
        @classmethod
        def prepare_context(cls, initializer, initargs):
            return Own, lambda fn, args, kwargs: args

    with Executor(1) as pool:
        seen = [as_user(name, pool.submit, None, name).result() for name in ("alice", "bob")]
        wanted = ("alice", "bob") if INHERITS else ("nobody", "nobody")
        assert seen == [(wanted[0], ("alice",)), (wanted[1], ("bob",))]


def test_a_context_goes_when_its_call_is_done(futures, crew, let_go):
    class Value:
        pass

    for pool in (futures.ThreadPoolExecutor(1), crew(1)):
        value = Value()
        gone = weakref.ref(value)
        assert as_user(value, pool.submit, rename, None).result() in (value, "nobody")
        del value
        let_go(gone)
        pool.shutdown()
