"""What threads are called in reports, and what those without a line of the program are for."""

import pytest

pytestmark = pytest.mark.raddle_only


@pytest.fixture
def begun(threading, asleep):
    """Start a thread that waits for an event; it ends with the test."""
    go, started = threading.Event(), []

    def start(kind, *args, **more):
        thread = kind(*args, **more)
        thread.daemon, thread.go = True, go
        thread.start()
        started.append(thread)
        asleep(thread)
        return thread

    yield start
    go.set()
    for each in started:
        each.join(60)


@pytest.fixture
def Transport(threading):
    """A thread that is a class."""

    class Transport(threading.Thread):
        def run(self):
            self.go.wait()

    return Transport


def test_a_thread_of_a_class_that_was_given_no_name_has_that_of_the_class(begun, Transport):
    from raddle._diagnose.program import stack

    thread = begun(Transport)
    assert stack.name_of(thread.ident) == f"{thread.name} (Transport)"
    line = Transport.run.__code__.co_firstlineno
    what = f"Transport.<locals>.Transport.run (test_thread_names.py:{line})"
    assert stack.purpose(thread.ident) == f"it runs {what}"


def test_a_name_that_was_given_is_left_alone(begun, Transport, threading):
    from raddle._diagnose.program import stack

    def work():
        threading.current_thread().go.wait()

    for name in ("reader", "Thread-1 of 2", "Thread-x"):
        assert stack.name_of(begun(Transport, name=name).ident) == name
    thread = begun(threading.Thread, None, work)
    assert stack.name_of(thread.ident) == thread.name == f"{thread.name.split()[0]} (work)"
    assert stack.name_of(threading.main_thread().ident) == "MainThread"


def test_a_class_that_lies_about_its_name_is_not_asked(begun, threading):
    from raddle._diagnose.program import stack

    class Meta(type):
        @property
        def __name__(cls):
            raise AssertionError("a property was run")

    class Odd(threading.Thread, metaclass=Meta):
        __repr__ = object.__repr__  # (The other one asks.)

        def run(self):
            self.go.wait()

    thread = begun(Odd)
    assert stack.name_of(thread.ident) == f"{thread.name} (Odd)"


def test_a_timer_says_what_it_calls_and_when(begun, threading):
    from raddle._diagnose.program import stack

    timer = begun(threading.Timer, 3600, print)
    assert stack.name_of(timer.ident) == f"{timer.name} (Timer)"
    assert stack.purpose(timer.ident) == "a Timer that calls print 3600 s after its start"
    timer.cancel()


def test_one_that_died_is_called_so_too(threading):
    from raddle._diagnose.report import deaths

    class Receiver(threading.Thread):
        def run(self):
            raise ZeroDivisionError

    receiver = Receiver()
    deaths.note(receiver, ZeroDivisionError())
    assert deaths._deaths[-1]["thread"] == f"{receiver.name} (Receiver)"
