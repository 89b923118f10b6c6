"""The words of a report: rings of real threads, described as the detector describes them."""

import _thread
import json
import re
import sys
import time
import types
import weakref

import pytest

pytestmark = pytest.mark.raddle_only


class Hung:
    """A thread of the test that waits in `call(*args)`."""

    def __init__(self, threading, name, call, *args):
        self.thread = threading.Thread(target=call, args=args, name=name, daemon=True)
        self.thread.start()

    @property
    def ident(self):
        return self.thread.ident


@pytest.fixture
def crossed(threading, asleep):
    """Two threads, each inside the `with` of one lock and waiting for the other's."""
    one, other = threading.Lock(), threading.Lock()
    accounts, audit = types.SimpleNamespace(lock=one), types.SimpleNamespace(lock=other)
    go = threading.Barrier(2)

    def pay():
        with accounts.lock:
            go.wait()
            audit.lock.acquire()

    def check():
        with audit.lock:
            go.wait()
            accounts.lock.acquire()

    threads = [Hung(threading, "worker-1", pay), Hung(threading, "worker-2", check)]
    asleep(*(each.thread for each in threads))
    yield (
        [
            (threads[1].ident, "lock", one, threads[0].ident),
            (threads[0].ident, "lock", other, threads[1].ident),
        ],
        pay.__code__.co_firstlineno + 1,
    )
    other.release()  # worker-1 takes it and ends, then worker-2 does
    for each in threads:
        each.thread.join(60)


@pytest.fixture
def Report():
    """The class of reports."""
    from raddle._diagnose.report.report import Report

    return Report


def test_a_ring_of_locks_is_one_sentence_with_the_place(crossed, Report):
    ring, line = crossed
    report = Report("cycle", ring, False)
    assert report.sentence == (
        f"worker-1 holds accounts.lock (test_report.py:{line}) and waits for audit.lock, held "
        "by worker-2, which waits for accounts.lock."
    )
    assert "one order everywhere (say, accounts.lock, then audit.lock)" in report.cure


def test_names_that_the_program_gave_are_used(threading, queue, asleep, Report):
    lock, jobs = threading.Lock(name="the books"), queue.Queue(name="the jobs")

    def work():
        with lock:
            jobs.get()

    worker = Hung(threading, "worker", work)
    asleep(worker.thread)
    waiter = Hung(threading, "waiter", lock.acquire)
    asleep(waiter.thread)
    ring = [
        (waiter.ident, "lock", lock, worker.ident),
        (worker.ident, "queue get", jobs, 0),
    ]
    text = Report("asleep", ring, True).text
    jobs.put(None)
    for each in (worker, waiter):
        each.thread.join(60)
    assert "waiter waits for the books (Lock), held by worker" in text
    assert "worker waits for an item in the jobs (Queue)" in text


def test_the_text_shows_each_thread_with_its_own_lines(crossed, Report):
    ring, line = crossed
    began = time.monotonic() - 2
    waits = [(*ring[1], began, False), (*ring[0], began, False)]
    text = Report("cycle", ring, False, waits).text
    head, which, empty, first, *_ = text.splitlines()
    assert head == "raddle: possible deadlock: 2 threads wait for each other"
    assert re.fullmatch(r"  in process \d+ \(.*\), at \d\d:\d\d:\d\d, Python 3\..*", which)
    assert not empty and first.startswith("  worker-1 waits")
    assert re.search(r"audit\.lock \(Lock\), held by worker-2, for 2\.\d s\n", text)
    assert re.search(
        rf"test_report\.py:{line + 2} in crossed\.<locals>\.pay\n +audit\.lock\.acquire\(\)\n",
        text,
    )
    assert "(Any thread may release a Lock, but nobody did.)" in text
    assert "threading.py" not in text and "\x1b" not in text


def test_the_sentence_is_the_same_wherever_the_ring_begins(crossed, Report):
    ring, _ = crossed
    assert Report("cycle", ring, True).sentence == Report("cycle", ring[::-1], True).sentence


def test_a_terminal_gets_colours_that_change_no_word(crossed, Report):
    report = Report("cycle", crossed[0], True)
    painted = report.render(True)
    assert painted != report.text
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == report.text


def test_a_report_is_json(crossed, Report):
    report = Report("cycle", crossed[0], True)
    fields = json.loads(json.dumps(report.to_dict()))
    assert [each["thread"] for each in fields["threads"]] == ["worker-1", "worker-2"]
    assert fields["kind"] == "cycle" and fields["certain"] is True
    assert fields["threads"][0]["stack"][0]["source"] == "audit.lock.acquire()"


def test_a_report_keeps_no_primitive_alive(threading, asleep, let_go, Report):
    event = threading.Event()
    reference = weakref.ref(event)
    hung = Hung(threading, "worker", lambda event: event.wait(), event)
    asleep(hung.thread)
    report = Report("asleep", [(hung.ident, "event", event, 0)], True)
    event.set()
    hung.thread.join(60)
    del event, hung
    let_go(reference)
    assert report.sentence.startswith("worker waits for event to be set")


def test_a_lock_taken_by_acquire_has_its_place_too(threading, asleep, Report):
    lock = threading.Lock()

    def twice():
        lock.acquire()
        lock.acquire()

    hung = Hung(threading, "worker", twice)
    asleep(hung.thread)
    report = Report("cycle", [(hung.ident, "lock", lock, hung.ident)], False)
    line = twice.__code__.co_firstlineno + 1
    lock.release()
    hung.thread.join(60)
    assert report.sentence == (
        f"worker holds lock (test_report.py:{line}) and waits for it again, so it never gets "
        "to release it."
    )
    assert "make it an RLock" in report.cure


def test_a_lock_released_and_taken_elsewhere_has_no_place(threading, asleep, Report):
    lock = threading.Lock()

    def gone():
        lock.acquire()

    def wait():
        lock.acquire()
        lock.release()
        gone()
        lock.acquire()

    hung = Hung(threading, "worker", wait)
    asleep(hung.thread)
    report = Report("cycle", [(hung.ident, "lock", lock, hung.ident)], False)
    lock.release()
    hung.thread.join(60)
    assert report.sentence.startswith("worker holds lock and waits for it again")


def asleep_report(Report, *waits):
    """Return a report about waits of the calling thread, which is all that is needed."""
    ident = _thread.get_ident()
    return Report("asleep", [(ident, kind, value, 0) for kind, value in waits], True)


@pytest.mark.parametrize(
    ("kind", "says", "helps"),
    [
        ("event", "waits for thing to be set", "Call thing.set()"),
        ("condition", "waits for a notify of thing", "thing.wait_for(...)"),
        ("semaphore", "waits for a permit of thing", "with thing:"),
        ("barrier", "waits for the others at thing", "parties"),
        ("queue get", "waits for an item in thing", "shutdown()"),
        ("queue put", "waits for room in thing", "maxsize"),
        ("queue join", "waits for every item of thing to be done", "thing.task_done()"),
        ("future", "waits for the result of thing", "set_result()"),
        ("pool", "waits for the workers of thing", "tasks of thing"),
        ("lock", "waits for thing", "with thing:"),
        ("rlock", "waits for thing", "in the thread that took it"),
    ],
)
def test_each_kind_of_wait_has_its_words_and_its_cure(kind, says, helps, Report, threading):
    thing = threading.Event()
    report = asleep_report(Report, (kind, thing))
    assert f"MainThread {says}, and no other thread is left" in report.sentence
    assert helps in report.cure
    assert thing is not None


def test_a_ring_through_a_join_says_whose_end(threading, asleep, Report):
    lock = threading.Lock()
    lock.acquire()
    hung = Hung(threading, "worker", lock.acquire)
    asleep(hung.thread)
    me = _thread.get_ident()
    ring = [(hung.ident, "lock", lock, me), (me, "thread join", None, hung.ident)]
    report = Report("cycle", ring, False)
    line = sys._getframe().f_lineno
    lock.release()
    hung.thread.join(60)
    assert report.sentence == (
        f"MainThread holds lock (test_report.py:{line - 6}) and waits for the end of worker, "
        "which waits for lock."
    )
    assert report.cure == "Release lock before joining worker."


def test_threads_of_one_name_are_told_apart(threading, asleep, Report):
    event = threading.Event()
    hung = [Hung(threading, "worker", event.wait) for _ in range(2)]
    asleep(*(each.thread for each in hung))
    report = Report("asleep", [(each.ident, "event", event, 0) for each in hung], True)
    event.set()
    for each in hung:
        each.thread.join(60)
    names = {each["thread"] for each in report.threads}
    assert names == {f"worker ({each.ident})" for each in hung}


def test_a_thread_that_python_does_not_know_is_told_by_its_number(Report):
    report = Report("asleep", [(12345, "event", None, 0)], True)
    assert report.sentence.startswith("thread 12345 waits for an event to be set")
    assert "no line of the program" in report.text


def test_a_long_row_of_sleepers_is_cut_and_those_that_wait_alike_are_one(
    threading, asleep, Report
):
    one, events = threading.Event(), [threading.Event() for _ in range(8)]
    hung = [Hung(threading, f"worker-{i}", one.wait) for i in range(12)]
    hung += [Hung(threading, f"other-{i}", each.wait) for i, each in enumerate(events)]
    asleep(*(each.thread for each in hung))
    waits = [(_thread.get_ident(), "event", one, 0, time.monotonic(), False)]
    ring = [
        (each.ident, "event", event, 0)
        for each, event in zip(hung, [one] * 12 + events, strict=True)
    ]
    report = Report("asleep", ring, True, waits)
    for event in (one, *events):
        event.set()
    for each in hung:
        each.thread.join(60)
    assert report.sentence.startswith("other-0 waits for events[0] to be set; other-1 waits")
    assert "; 14 more wait: no thread is left" in report.sentence
    assert (
        "worker-0, worker-1, worker-2 and 9 more wait for one to be set (Event)" in report.text
    )
    assert [each["thread"] for each in report.threads][-3:] == [
        "worker-9",
        "worker-10",
        "worker-11",
    ]


def test_the_programs_own_stderr_class_is_not_run(monkeypatch, capfd, Report):
    from raddle._diagnose.report import report

    class Own:
        def write(self, text):
            raise AssertionError("it might want a lock of the deadlock")

    monkeypatch.setattr(sys, "stderr", Own())
    assert report.stderr() is sys.__stderr__


def test_what_a_report_calls_is_not_what_its_thread_does(monkeypatch):
    import ast

    from raddle._diagnose.program import stack, syntax_trees

    seen = []

    def look():
        seen.extend(stack.visible(stack._callers(sys._getframe(1))))

    # A library's function, as far as its file says.
    names = {"look": look}
    exec(compile("def parse(source):\n    look()\n", ast.__file__, "exec"), names)
    monkeypatch.setattr(ast, "parse", names["parse"])
    syntax_trees.Trees().of(sys._getframe())
    assert seen[0][0] is sys._getframe()
