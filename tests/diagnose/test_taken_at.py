"""Where a thread took a lock: in a `with`, by a call, or by what does so for it."""

import contextlib
import sys
import traceback

import pytest

pytestmark = pytest.mark.raddle_only


def taken(lock):
    """Return how many lines above its caller's a lock was taken, and through which helper."""
    from raddle._diagnose.program import stack, taken_at

    frame = sys._getframe(1)
    found = taken_at.Sites().taken(0, stack.visible(traceback.walk_stack(frame)), lock)
    if found is None:
        return None
    file, line, helper = found
    assert file == stack.shown(__file__)
    return frame.f_lineno - line, helper


@contextlib.contextmanager
def locked(lock, timeout=-1):
    """Take a lock for the length of a block."""
    if not lock.acquire(timeout=timeout):
        raise TimeoutError
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def twice_locked(first, second):
    with first, locked(second):
        yield first


@contextlib.contextmanager
def unlocked(lock):
    """Take a lock before the block, but not for it."""
    with lock:
        pass
    yield


class Guard:
    """A context manager that is a class."""

    def __init__(self, lock):
        self._lock = lock

    def __enter__(self):
        self._lock.acquire()
        return self

    def __exit__(self, *_):
        self._lock.release()


class Table:
    """Has methods that take its lock, and give it back."""

    def __init__(self, lock):
        self.__lock = lock

    def begin(self):
        self.__lock.acquire()

    def end(self):
        self.__lock.release()

    def read(self):
        with self.__lock:
            return 1

    def enter(self):
        return self.begin()

    @contextlib.contextmanager
    def session(self):
        with self.__lock:
            yield self


@pytest.fixture
def lock(threading):
    """A lock."""
    return threading.Lock()


def test_a_context_manager_took_it_where_it_was_entered(lock):
    with locked(lock, timeout=5):
        assert taken(lock) == (1, "locked")
    with locked(timeout=5, lock=lock) as it:
        assert it is None
        assert taken(lock) == (2, "locked")
    assert taken(lock) is None


def test_one_inside_of_another_did(threading, lock):
    other = threading.Lock()
    with twice_locked(lock, other):
        assert taken(lock) == (1, "twice_locked")
        assert taken(other) == (2, "twice_locked")


def test_one_that_gives_it_back_did_not(lock):
    with unlocked(lock):
        assert taken(lock) is None


def test_a_class_did_by_its_enter_method(lock):
    with Guard(lock) as guard:
        assert taken(lock) == (1, "Guard")
    with guard:
        assert taken(lock) == (1, "Guard")


def test_the_one_of_another_lock_did_not(threading, lock):
    other = threading.Lock()
    with locked(other), contextlib.nullcontext(lock):
        assert taken(lock) is None


def test_an_exit_stack_took_it_where_it_was_given_it(threading, lock):
    other = threading.Lock()
    with contextlib.ExitStack() as stack:
        stack.enter_context(lock)
        stack.enter_context(locked(other))
        assert taken(lock) == (2, None)
        assert taken(other) == (2, "locked")


def test_a_method_that_was_called_did(lock):
    table = Table(lock)
    table.begin()
    assert taken(lock) == (1, "begin")
    table.end()
    table.enter()
    assert taken(lock) == (1, "enter")
    table.end()
    with table.session():
        assert taken(lock) == (1, "session")


def test_one_that_gave_it_back_since_did_not(lock):
    table = Table(lock)
    table.begin()
    table.end()
    assert table.read() and taken(lock) is None


def test_a_call_that_goes_on_has_not_taken_it_yet(lock):
    table, seen = Table(lock), []

    def begin(then):
        then()
        table.begin()

    def look():
        from raddle._diagnose.program import stack, taken_at

        frames = stack.visible(traceback.walk_stack(sys._getframe()))
        seen.append(taken_at.Sites().taken(0, frames, lock))

    begin(look)
    assert seen == [None]


@pytest.mark.parametrize("first", [True, False])
def test_of_two_branches_nobody_knows_which_did(lock, first):
    if first:
        lock.acquire()
    else:
        lock.acquire(timeout=5)
    assert taken(lock) is None
    lock.release()
    if not lock.acquire(timeout=5):
        raise TimeoutError
    assert taken(lock) == (2, None)
    if first is not None:
        lock.release()
        lock.acquire()
        assert taken(lock) == (1, None)


def test_a_condition_is_its_lock(threading):
    changed = threading.Condition()
    with changed:
        assert taken(changed._lock) == (1, None)
    changed.acquire()
    assert taken(changed._lock) == (1, None)


def test_no_code_of_the_program_is_run(lock):
    class Odd:
        def refuse(self, *args):
            raise AssertionError("code of the program was run")

        __bool__ = __eq__ = __hash__ = __len__ = __getattr__ = refuse
        begin = property(refuse)

        @property
        def __enter__(self):
            raise AssertionError("a property was run")

    odd = Odd()
    with contextlib.suppress(AssertionError):
        odd.begin()
    lock.acquire()
    assert taken(lock) == (1, None)
