"""Mistakes of JaConTeBe in JDK 6 and 7, rebuilt. A name has the number of the report."""

from .shared import Guarded, bug, threading


@bug
def jdk6_4243978():
    """JaConTeBe jdk6_4243978: an element has one link, and is in two lists with a lock each."""
    queued, pending = threading.Lock(), threading.Lock()
    head, link = ["older"], Guarded("itself")

    def enqueue():
        with queued:
            link.set(head[0])
            head[0] = "element"

    def take_from_pending():
        with pending:
            link.set("itself")

    yield take_from_pending, enqueue
    assert link.get() == "older", "the rest of the queue is lost"


@bug
def jdk6_4742723():
    """JaConTeBe jdk6_4742723: who finds that the parent was made meanwhile gives up."""
    lock, made = threading.Lock(), set()

    def exists(path):
        with lock:
            return path in made

    def make(path):
        with lock:
            is_new = path.rpartition("/")[0] in made | {""} and path not in made
            if is_new:
                made.add(path)
            return is_new

    def make_all(path):
        if exists(path):
            return False
        if make(path):
            return True
        parent = path.rpartition("/")[0]
        return bool(parent) and make_all(parent) and make(path)

    def first():
        make_all("base/a")

    def second():
        make_all("base/b")

    yield first, second
    assert made == {"base", "base/a", "base/b"}


@bug
def jdk6_4779253():
    """JaConTeBe jdk6_4779253: a logger looks for its filter under a lock; it is set without."""
    lock, filtered, logged = threading.Lock(), Guarded(str.isalpha), []

    def log():
        with lock:
            if filtered.get() is None or filtered.get()("record"):
                logged.append("record")

    def set_filter():
        filtered.set(None)

    yield log, set_filter


@bug
def jdk6_6436220():
    """JaConTeBe jdk6_6436220: two attach, and both are told that they replaced the same."""
    attached, replaced = Guarded("nothing"), []

    def attach(thing):
        before = attached.get()
        attached.set(thing)
        replaced.append(before)

    def first():
        attach("one")

    def second():
        attach("other")

    yield first, second
    assert len({*replaced, attached.get()}) == 3


@bug
def jdk6_6492872():
    """JaConTeBe jdk6_6492872: a handshake has the engine and wants to write; a writer looks."""
    engine, write, thrown = threading.RLock(), threading.Lock(), []

    def handshake():
        with engine, write:
            pass

    def wrap():
        with write, engine:
            thrown.clear()

    yield wrap, handshake


@bug
def jdk6_6582568():
    """JaConTeBe jdk6_6582568: two tables are compared with each other, from both sides."""

    class Table:
        def __init__(self, **items):
            self.lock, self.items = threading.RLock(), items

        def size(self):
            with self.lock:
                return len(self.items)

        def equals(self, other):
            with self.lock:
                return len(self.items) == other.size()

    one, other = Table(a=1), Table(a=1)

    def forth():
        assert one.equals(other)

    def back():
        assert other.equals(one)

    yield forth, back


@bug
def jdk6_6588239():
    """JaConTeBe jdk6_6588239: an annotation's class and the class of annotations, both ways."""
    annotated, types = threading.RLock(), threading.RLock()
    known, parsed = [], []

    def get_annotations():
        with annotated:
            if not parsed:
                with types:
                    known.append("type")
                parsed.append(True)

    def get_type():
        with types:
            if not known:
                get_annotations()
                known.append("type")

    yield get_annotations, get_type


@bug
def jdk6_6648001():
    """JaConTeBe jdk6_6648001: others wait for an answer that was not one, and is not told."""
    changed, asking = threading.Condition(), []

    def request(answered):
        with changed:
            if asking:
                while asking:
                    changed.wait()
                return
            asking.append(True)
        if answered:
            with changed:
                asking.clear()
                changed.notify_all()

    def granted():
        request(True)

    def refused():
        request(False)

    yield granted, refused


@bug
def jdk6_7100996():
    """JaConTeBe jdk6_7100996: a buffer gets its own text, whose length was taken before."""
    lock, text = threading.RLock(), list("abc")

    def length():
        with lock:
            return len(text)

    def insert(end):
        with lock:
            if end > len(text):
                raise IndexError(end)
            text[1:1] = text[:end]

    def insert_itself():
        insert(length())

    def delete_first():
        with lock:
            del text[0]

    yield insert_itself, delete_first


@bug
def jdk6_7132889():
    """JaConTeBe jdk6_7132889: a key is registered for a channel that was closed meanwhile."""
    closing, registering = threading.Lock(), threading.Lock()
    is_open, keys = Guarded(True), []

    def close():
        with closing:
            is_open.set(False)
        with registering:
            keys.clear()

    def register():
        if is_open.get():
            with registering:
                keys.append("key")

    yield register, close
    assert not keys


@bug
def jdk7_7045594():
    """JaConTeBe jdk7_7045594: two name a logger's bundle, and the second replaces the first."""
    bundle, refused = Guarded(None), []

    def get_logger(name):
        if bundle.get() is None:
            bundle.set(name)
        elif bundle.get() != name:
            refused.append(name)

    def first():
        get_logger("bar")

    def second():
        get_logger("foo")

    yield first, second
    assert len(refused) == 1


@bug
def jdk7_7132378():
    """JaConTeBe jdk7_7132378: a task is done before its result is there."""
    state, result, seen = Guarded("new"), Guarded(None), []

    def run():
        state.set("ran")
        result.set("answer")

    def get():
        if state.get() == "ran":
            seen.append(result.get())

    yield run, get
    assert None not in seen


@bug
def jdk7_8010939():
    """JaConTeBe jdk7_8010939: a manager of loggers and their context lock each other."""
    manager, context, loggers = threading.RLock(), threading.RLock(), ["root"]

    def read_configuration():
        with manager:
            for _ in list(loggers):
                with context:
                    pass

    def add_logger():
        with context:
            with manager:
                pass
            loggers.append("new")

    yield read_configuration, add_logger


@bug
def jdk7_8012019():
    """JaConTeBe jdk7_8012019: one closes, and waits for readers that want what it holds."""
    position, changed, readers = threading.Lock(), threading.Condition(), [0]

    def read():
        with changed:
            readers[0] += 1
        with position:
            pass
        with changed:
            readers[0] -= 1
            changed.notify_all()

    def close():
        with position, changed:
            while readers[0]:
                changed.wait()

    yield read, close


@bug
def jdk7_8023541():
    """JaConTeBe jdk7_8023541: a registry can be found before all of it is there."""
    registered, stub, found = Guarded(False), Guarded(None), []

    def make():
        registered.set(True)  # done by its base
        stub.set("stub")

    def look_up():
        if registered.get():
            found.append(stub.get())

    yield make, look_up
    assert None not in found
