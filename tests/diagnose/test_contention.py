"""The contention profile: what is counted."""

import gc
import json
import sys
import time
import weakref

import pytest

pytestmark = pytest.mark.raddle_only


@pytest.fixture
def profiled():
    """Count for the length of a test; return a function that gives the row of a name."""
    import raddle

    raddle.configure(profile=True)

    def row(name, kind="lock"):
        found = [row for row in raddle.stats() if (row["name"], row["kind"]) == (name, kind)]
        assert len(found) == 1, found
        return found[0]

    yield row
    raddle.configure(profile=False)


def here(below=0):
    """Return "file:line" of the caller's line, or of one below it, as raddle shows it."""
    from raddle._diagnose.program import stack

    frame = sys._getframe(1)
    return f"{stack.shown(frame.f_code.co_filename)}:{frame.f_lineno + below}"


# What is counted


@pytest.mark.parametrize("kind", ["Lock", "RLock"])
def test_what_nobody_waits_for_is_counted_exactly(threading, profiled, kind):
    exact = getattr(threading, kind)()
    made = here(-1)
    for _ in range(100):
        with exact:
            pass
    row = profiled("exact", kind.lower())
    assert (row["made"], row["count"]) == (made, 1)
    assert (row["acquisitions"], row["contended"]) == (100, 0)
    assert row["waited"] == {"total": 0, "max": 0, "p99": 0}
    assert row["waiting"] == []
    [site] = row["holding"]
    assert (site["at"], site["count"]) == (here(-8), 100)
    assert site["function"] == "test_what_nobody_waits_for_is_counted_exactly"
    assert 0 < site["max"] <= site["total"] == row["held"]["total"]
    assert row["held"]["max"] == site["max"]
    assert exact is not None


def test_a_wait_is_counted_with_who_held_the_lock(threading, profiled, spawn, until):
    wanted = threading.Lock()

    def wait():
        with wanted:
            return here(-1)

    wanted.acquire()
    holder = here(-1)
    waiter = spawn(wait)
    until(lambda: wanted._waiting() == 1)
    wanted.release()
    place = waiter.result()
    row = profiled("wanted")
    assert (row["acquisitions"], row["contended"]) == (2, 1)
    [site] = row["waiting"]
    assert (site["at"], site["held_at"], site["count"]) == (place, holder, 1)
    assert site["function"].endswith("wait")
    assert 0 < site["total"] == row["waited"]["total"] == row["waited"]["max"]
    assert row["waited"]["p99"] == row["waited"]["max"]
    assert {each["at"] for each in row["holding"]} == {place, holder}


def test_a_wait_that_was_given_up_counts_and_an_attempt_does_not(threading, profiled):
    given_up = threading.Lock()
    with given_up:
        assert not given_up.acquire(blocking=False)
        assert not given_up.acquire(timeout=0.001)
    row = profiled("given_up")
    assert (row["acquisitions"], row["contended"]) == (1, 1)
    assert 0 < row["waited"]["total"] == row["waiting"][0]["total"]
    assert row["waiting"][0]["held_at"] == here(-6)


def test_an_rlock_that_its_owner_takes_again_is_taken_once(threading, profiled):
    again = threading.RLock()
    with again, again:
        pass
    assert profiled("again", "rlock")["acquisitions"] == 1


def test_a_lock_that_another_thread_releases_was_held_until_then(threading, profiled, spawn):
    lent = threading.Lock()
    lent.acquire()
    spawn(lent.release).end()
    [site] = profiled("lent")["holding"]
    assert (site["at"], site["count"]) == (here(-3), 1)


def test_locks_of_one_place_are_one_group_and_those_that_are_gone_stay_in_it(
    threading, profiled
):
    for _ in range(50):
        made_often = threading.Lock()
        with made_often:
            pass
    del made_often
    gc.collect()
    row = profiled("made_often")
    assert (row["count"], row["acquisitions"]) == (50, 50)


def test_no_lock_is_kept_alive(threading, profiled, let_go):
    short = threading.Lock()
    with short:
        reference = weakref.ref(short)
    assert profiled("short")["count"] == 1
    del short
    let_go(reference)
    assert profiled("short")["acquisitions"] == 1


# (A wait is counted from a little after its deadline was set: they are longer than is asked.)
WAITS = {
    "event": ("Event.wait()", "threading.Event().wait(0.05)"),
    "semaphore": ("Semaphore.acquire()", "threading.Semaphore(0).acquire(timeout=0.05)"),
    "condition": ("Condition.wait()", "c = threading.Condition()\nwith c: c.wait(0.05)"),
    "queue get": (
        "Queue.get()",
        "try: queue.Queue().get(timeout=0.05)\nexcept queue.Empty: pass",
    ),
    "queue put": (
        "Queue.put()",
        "q = queue.Queue(1); q.put(1)\ntry: q.put(2, timeout=0.05)\nexcept queue.Full: pass",
    ),
    "barrier": (
        "Barrier.wait()",
        "try: threading.Barrier(2).wait(0.05)\nexcept threading.BrokenBarrierError: pass",
    ),
    "thread join": (
        "Thread.join()",
        "e = threading.Event(); t = threading.Thread(target=e.wait); t.start()\n"
        "t.join(0.05)\ne.set(); t.join(0)",
    ),
    "future": (
        "Future.result()",
        "from concurrent.futures import Future, TimeoutError\n"
        "try: Future().result(0.05)\nexcept TimeoutError: pass",
    ),
}


@pytest.mark.parametrize("kind", WAITS)
def test_other_waits_are_counted_by_place(child, kind):
    name, code = WAITS[kind]
    head = f"import raddle; raddle.install(); raddle.configure(profile=True); kind = {kind!r}\n"
    code = f"{head}import json, threading, queue\n{code}\n"
    code += "print(json.dumps([r for r in raddle.stats() if r['kind'] == kind]))"
    done = child(code, prelude="")
    rows = [row for row in json.loads(done.stdout) if row["waiting"][0]["function"]]
    assert len(rows) == 1
    [row] = rows
    assert (row["name"], row["contended"], row["acquisitions"]) == (name, 1, None)
    assert (row["made"], row["count"], row["held"]) == (None, None, None)
    assert row["waited"]["total"] >= 0.001
    assert row["waiting"][0]["at"].startswith("<string>:")


def test_rows_come_in_the_order_of_the_time_waited(threading, profiled, spawn, until):
    little, much = threading.Lock(), threading.Lock()
    for lock, timeout in ((little, 0.001), (much, 0.03)):
        lock.acquire()
        assert not lock.acquire(timeout=timeout)
    import raddle

    rows = raddle.stats()
    waited = [row["waited"]["total"] for row in rows]
    assert waited == sorted(waited, reverse=True)
    assert {row["name"] for row in rows if row["waited"]["total"] > 0} >= {"little", "much"}


# How much longer a wait lasts than is known of it: a processor's counter is held against the
# clock for two milliseconds, which shows a tick's length to better than a hundredth.
EXACT = 0.99


@pytest.mark.parametrize("kind", ["Lock", "Event"])
def test_a_wait_lasts_as_long_as_it_was_seen(threading, profiled, spawn, until, kind):
    import raddle
    from raddle import _raddle

    wanted = getattr(threading, kind)()
    if kind == "Lock":
        wanted.acquire()

    def wait():
        wanted.acquire() if kind == "Lock" else wanted.wait()

    place = here(-2)
    began = time.monotonic()
    waiter = spawn(wait)
    until(lambda: any(each[1] == kind.lower() for each in _raddle._waits()))
    seen = time.monotonic()
    until(lambda: time.monotonic() > seen + 0.02)
    shortest = time.monotonic() - seen
    wanted.release() if kind == "Lock" else wanted.set()
    waiter.result()
    longest = time.monotonic() - began
    rows = [row for row in raddle.stats() if row["kind"] == kind.lower()]
    [site] = [site for row in rows for site in row["waiting"] if site["at"] == place]
    assert shortest * EXACT <= site["total"] <= longest / EXACT


def test_nothing_is_counted_while_it_is_off(child):
    done = child(
        """
        import raddle
        lock = threading.Lock()
        with lock: pass
        print(raddle.stats())
        raddle.configure(profile=True)
        with lock: pass  # Made before.
        counted = threading.Lock()
        with counted: pass
        raddle.configure(profile=False)
        with counted: pass
        print([row["acquisitions"] for row in raddle.stats()])
        """
    )
    assert done.stdout == "[]\n[1]\n"


def test_a_forked_child_starts_from_nothing(child):
    done = child(
        """
        import os, raddle
        def counted():  # (Threading makes locks of its own in a child.)
            rows = [row for row in raddle.stats() if row["made"] == "<string>:8"]
            return [row["acquisitions"] for row in rows]
        raddle.configure(profile=True)
        lock = threading.Lock()
        with lock: pass
        lock.acquire()
        pid = os.fork()
        if not pid:
            before = counted()
            lock.release()
            with lock: pass
            after = counted()
            print(before, after, flush=True)
            os._exit(0)
        os.waitpid(pid, 0)
        print(counted())
        """,
        "-Wignore",
    )
    assert done.stdout == "[] [1]\n[2]\n"


@pytest.mark.parametrize("profile", [1, None, "yes"])
def test_what_is_no_bool_is_refused(threading, profile):
    import raddle

    with pytest.raises(TypeError, match="profile is True or False, not "):
        raddle.configure(profile=profile)
