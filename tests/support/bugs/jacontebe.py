"""Mistakes of JaConTeBe (Lin, Marinov and Zhong, 2015) in libraries for Java, rebuilt.

A name has the number of the report. Left out are values that one thread alone may never see
(dbcp_271, pool_46), and some of the many pairs of locks.
"""

from .shared import Guarded, bug, queue, threading


@bug
def derby_764():
    """JaConTeBe derby_764: unlocking tells the loader, which locks what is being unlocked."""
    loader, locks = threading.RLock(), threading.RLock()
    stale = []

    def modify_jar():
        with loader, locks:
            stale.append(True)

    def unlock_group():
        with locks:
            need_reload()

    def need_reload():
        with loader:
            stale.append(False)

    yield modify_jar, unlock_group


@bug
def derby_5447():
    """JaConTeBe derby_5447: a page leaves its observers while these are told of the end."""
    page, handle, observers = threading.RLock(), threading.RLock(), ["page"]

    def release():
        with page:
            with handle:
                told = bool(observers)
                observers.clear()
            assert told

    def close():
        with handle:
            for _ in observers:
                with page:
                    pass

    yield release, close


@bug
def derby_5560():
    """JaConTeBe derby_5560: a connection is closed from above and from below."""
    pooled, logical = threading.RLock(), threading.RLock()
    closed = []

    def close_pooled():
        with pooled:
            closed.append("pooled")
            with logical:
                pass

    def close_logical():
        with logical:
            if "pooled" not in closed:
                with pooled:
                    closed.append("logical")

    yield close_logical, close_pooled


@bug
def derby_5561():
    """JaConTeBe derby_5561: a connection is taken away between a look and a call."""
    physical = Guarded(str)

    def native_sql():
        if physical.get() is not None:
            physical.get()("SELECT")

    def take_away():
        physical.set(None)

    yield native_sql, take_away


@bug
def groovy_3495():
    """JaConTeBe groovy_3495: two find that a class is not loaded, and both define it."""
    lock, classes = threading.Lock(), {}

    def load():
        with lock:
            known = classes.get("Bindable")
        if known is None:
            with lock:
                assert "Bindable" not in classes, "defined twice"
                classes["Bindable"] = object()

    yield load, load, load


@bug
def groovy_5198():
    """JaConTeBe groovy_5198: one half of a cache's entry is from before, the other is new."""
    parameters, method = Guarded("int"), Guarded("valueOf(int)")

    def fill():
        parameters.set("str")
        method.set("valueOf(str)")

    def call():
        seen = parameters.get()
        assert method.get() == f"valueOf({seen})"

    yield fill, call


@bug
def groovy_6068():
    """JaConTeBe groovy_6068: two put a stream in the place of stdin, and put back what was."""
    stdin = Guarded("real")

    def perform():
        before = stdin.get()
        stdin.set("for a task")
        stdin.set(before)

    yield perform, perform
    assert stdin.get() == "real"


@bug
def groovy_6456():
    """JaConTeBe groovy_6456: two use one matcher, which the second resets."""
    subject, place = Guarded(None), Guarded(-1)

    def apply(uri):
        subject.set(uri)
        place.set(uri.index("/"))
        assert subject.get()[place.get()] == "/"

    def first():
        apply("a/long/path")

    def second():
        apply("index/")

    yield first, second


@bug
def log4j_38137():
    """JaConTeBe log4j_38137: one of those who wait is told; another one should have been."""
    changed, events = threading.Condition(), []

    def append():
        for number in range(2):
            with changed:
                while len(events) == 2:
                    changed.wait()
                events.append(number)
                if len(events) == 1:
                    changed.notify()

    def dispatch():
        for _ in range(4):
            with changed:
                while not events:
                    changed.wait()
                events.pop(0)
                if len(events) == 1:
                    changed.notify()

    yield dispatch, append, append


@bug
def log4j_41214():
    """JaConTeBe log4j_41214: a message logs as it is made text, and needs the logger's lock."""
    logger, appender = threading.RLock(), threading.RLock()

    def log_to_root():
        with logger, appender:
            pass

    def log_an_object():
        with appender:  # of another logger
            log_to_root()

    yield log_to_root, log_an_object


@bug
def log4j_44032():
    """JaConTeBe log4j_44032: an array of lines is there before the lines are in it."""
    lines = Guarded(None)

    def text():
        if lines.get() is None:
            lines.set([None])
            lines.set(["Traceback"])
        assert lines.get()[0].startswith("Trace")

    yield text, text


@bug
def log4j_50463():
    """JaConTeBe log4j_50463: the dispatcher has died of an event; who finds no room waits."""
    events, died = queue.Queue(2), []

    def dispatch():
        for _ in range(4):
            if events.get() == "bad":
                died.append(True)
                return

    def append_good():
        for _ in range(3):
            events.put("good")

    def append_bad():
        events.put("bad")

    yield dispatch, append_good, append_bad


@bug
def log4j_54325():
    """JaConTeBe log4j_54325: two remove all appenders; the second finds fewer than it saw."""
    lock, appenders = threading.Lock(), ["console", "file"]

    def remove_all():
        with lock:
            count = len(appenders)
        for number in range(count):
            with lock:
                appenders[number].upper()
        with lock:
            appenders.clear()

    yield remove_all, remove_all


@bug
def lucene_1544():
    """JaConTeBe lucene_1544: a writer waits for a merge, which wants the lock for readers."""
    changed, writer, merging = threading.Condition(), [False], [True]

    def add_indexes():
        with changed:
            writer[0] = True
            while merging[0]:
                changed.wait()
            writer[0] = False
            changed.notify_all()

    def merge():
        with changed:
            while writer[0]:
                changed.wait()
            merging[0] = False
            changed.notify_all()

    yield merge, add_indexes


@bug
def lucene_2783():
    """JaConTeBe lucene_2783: a commit waits for room among the merges, which want to commit."""
    commit, room = threading.Lock(), threading.Semaphore(1)

    def merge():
        with room, commit:
            pass

    def prepare_commit():
        with commit, room:
            pass

    yield merge, prepare_commit
