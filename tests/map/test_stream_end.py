"""How streams end: closed, collected, interrupted, at the exit and in a forked child."""

import gc
import itertools
import os
import signal
import sys
import weakref

import pytest
from raddle._raddle import Stream
from tasks import double

pytestmark = pytest.mark.raddle_only


# The end


def test_close_wakes_the_consumer_and_is_idempotent(stream, gate, spawn, until):
    it = stream(lambda _: gate.wait(60), range(10))
    consumer = spawn(lambda: list(it))
    until(lambda: it._waiting()[1] == 1, "the consumer at rest")
    it.close()
    it.close()
    assert consumer.result() == []
    assert list(it) == []
    gate.set()
    assert it.wait_idle(60)


def test_close_sends_resting_workers_home(stream, until):
    it = stream(double, itertools.count(), 2, 8)
    next(it)
    until(lambda: it._waiting()[0] == it.workers() > 0, "the workers at rest")
    assert not it.wait_idle(0)
    it.close()
    assert it.wait_idle(60)
    assert it.workers() == 0


def test_close_drops_results_that_nobody_took(stream, until):
    class Thing:
        pass

    made = []

    def task(_):
        thing = Thing()
        made.append(weakref.ref(thing))
        return thing

    it = stream(task, range(8), 1, 8)
    del task
    first = next(it)
    until(lambda: len(made) == 8 and it._waiting()[0] + (it.workers() == 0))
    it.close()
    assert it.wait_idle(60)
    gc.collect()
    assert [thing() for thing in made] == [first] + [None] * 7


def test_close_inside_a_task_and_inside_the_inputs_ends_the_stream(stream):
    it = stream(lambda number: it.close() if number == 5 else number, range(100))
    assert len(list(it)) <= 5

    def inputs():
        yield 1
        other.close()
        yield 2

    other = stream(double, inputs())
    assert list(other) in ([], [2])
    assert other.wait_idle(60)


def test_a_stream_that_ended_lets_go_of_its_inputs(stream):
    class Inputs:
        def __iter__(self):
            return self

        def __next__(self):
            raise StopIteration

    inputs = Inputs()
    reference = weakref.ref(inputs)
    it = stream(double, inputs)
    del inputs
    assert list(it) == []
    gc.collect()
    assert reference() is None


def test_work_on_a_stream_that_ended_returns(stream):
    it = stream(double, range(3))
    assert list(it) == [0, 2, 4]
    assert it.worker()() is None
    it.close()
    assert it.worker()() is None


@pytest.mark.parametrize("where", ["function", "inputs", "hire", "input", "result"])
def test_a_cycle_through_a_stream_is_collected(until, where):
    class Node:
        def __iter__(self):
            return self

        def __next__(self):
            return self

        def __call__(self, *_):
            return self

    node = Node()
    if where == "function":
        it = Stream(node, iter([]))
    elif where == "inputs":
        it = Stream(abs, node)
    elif where == "hire":
        it = Stream(abs, iter([]), hire=node)
    elif where == "input":
        it = Stream(abs, iter([node]), hire=lambda: False)
        with pytest.raises(TimeoutError):
            it.next(0)
    else:
        it = Stream([node].__getitem__, iter(range(1)), hire=lambda: False)
        with pytest.raises(TimeoutError):
            it.next(0)
        run_one(it)
    node.it = it
    reference = weakref.ref(node)
    del node, it
    until(lambda: gc.collect() is not None and reference() is None)


def run_one(it):
    """Has the one item of a stream run, and its result stay undelivered."""
    import threading

    worker = threading.Thread(target=it.worker())
    worker.start()
    worker.join(60)
    assert not worker.is_alive()


def test_destructors_may_use_the_stream(stream):
    outcomes = []

    class Nosy:
        def __del__(self):
            try:
                outcomes.append(next(it, None))
            except ValueError as error:
                outcomes.append(str(error))

    it = stream(lambda nosy: None, (Nosy() for _ in range(10)), 1)
    for _ in it:
        pass
    it.close()
    gc.collect()
    assert len(outcomes) == 10


def test_what_a_task_left_in_its_context_dies_after_its_result_is_told(stream):
    import contextvars
    import threading

    variable = contextvars.ContextVar("variable")
    taken, waited = threading.Event(), []

    class Left:
        def __del__(self):
            waited.append(taken.wait(60))

    def task(number):
        variable.set(Left())
        return number

    it = stream(task, iter([1]), 1)
    assert next(it) == 1
    taken.set()
    assert list(it) == [] and it.wait_idle(60)
    assert waited == [True]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_the_child_of_a_fork_in_such_a_destructor_goes_its_own_way(child):
    code = """
        import contextvars, os, threading, warnings
        from raddle._raddle import Stream

        warnings.simplefilter("ignore")
        variable, parent, children = contextvars.ContextVar("variable"), os.getpid(), []
        forked = threading.Event()

        class Forks:
            def __del__(self):
                children.append(os.fork())
                forked.set()

        def inputs():
            yield 1
            forked.wait()  # Meanwhile more may come, as far as workers know.

        def task(number):
            variable.set(Forks())
            return number

        def work():
            worker()
            if os.getpid() != parent:
                os._exit(7)

        stream = Stream(task, inputs())
        worker = stream.worker()
        thread = threading.Thread(target=work)
        thread.start()
        results = list(stream)
        thread.join()
        print(results, os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]))
        """
    assert child(code).stdout == "[1] 7\n"


# Signals


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_signal_ends_the_wait_of_the_consumer_and_the_stream_goes_on(
    threading, stream, gate, spawn, until
):
    class Stop(Exception):
        pass

    def handler(*_):
        raise Stop

    it = stream(lambda number: gate.wait(60) and number, range(3))
    old = signal.signal(signal.SIGUSR1, handler)
    try:

        def interrupt():
            until(lambda: it._waiting()[1] == 1, "the consumer at rest")
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

        interrupter = spawn(interrupt)
        with pytest.raises(Stop):
            next(it)
        interrupter.result()
    finally:
        signal.signal(signal.SIGUSR1, old)
    gate.set()
    assert list(it) == [0, 1, 2]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_signal_reaches_a_list_of_an_endless_stream(child):
    done = child(
        """
        import itertools, os, signal
        from raddle._raddle import Stream

        def hire():
            if len(workers) == 2:
                return False
            workers.append(threading.Thread(target=it.worker(), daemon=True))
            workers[-1].start()

        workers = []
        it = Stream(abs, itertools.count(), hire=hire)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            for _ in zip(it, itertools.repeat(0)):
                pass
        except KeyboardInterrupt:
            pass
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        workers.clear()
        it = Stream(abs, itertools.count(), hire=hire)
        import collections
        try:
            collections.deque(it, maxlen=0)
        except KeyboardInterrupt:
            print("interrupted")
        """
    )
    assert done.stdout == "interrupted\n"


# Exit and fork


@pytest.mark.parametrize("state", ["at rest", "in a task", "in the middle"])
def test_the_exit_does_not_wait_for_daemon_workers(child, state):
    done = child(
        f"""
        import itertools, time
        from raddle._raddle import Stream

        def hire():
            if len(workers) == 4:
                return False
            workers.append(threading.Thread(target=it.worker(), daemon=True))
            workers[-1].start()

        def task(number):
            if {state!r} == "in a task":
                begun.set()
                threading.Event().wait()
            return [number]

        workers, begun = [], threading.Event()
        it = Stream(task, itertools.count(), hire=hire)
        if {state!r} == "in a task":
            consumer = threading.Thread(target=lambda: next(it), daemon=True)
            consumer.start()
            begun.wait()
        elif {state!r} == "in the middle":
            consumer = threading.Thread(target=lambda: [None for _ in it], daemon=True)
            consumer.start()
            while it.clocks()[3] == 0:
                time.sleep(0.001)
        else:
            next(it)
            while it._waiting()[0] != it.workers():
                time.sleep(0.001)
        print("done")
        """
    )
    assert done.stdout == "done\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_is_told_that_the_stream_stayed_behind(stream):
    it = stream(double, range(100), window=4)
    assert next(it) == 0
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            signal.alarm(30)
            try:
                next(it)
            except RuntimeError as error:
                status = 0 if "fork" in str(error) else 2
            it.close()
            it.worker()()
            if it.workers() != 0 or not it.wait_idle(10):
                status = 3
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    assert list(it) == [2 * number for number in range(1, 100)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_task_may_fork(stream):
    def task(number):
        pid = os.fork()
        if pid == 0:
            os._exit(number)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    assert list(stream(task, range(6))) == list(range(6))


def test_a_worker_does_not_keep_its_stream():
    it = Stream(abs, iter(range(3)))
    worker, gone = it.worker(), weakref.ref(it)
    del it
    assert gone() is None
    assert worker() is None


def test_the_hooks_are_told_of_time_and_of_the_end(threading):
    seen = []

    class Told(Stream):
        def _look(self):
            seen.append(self.delivered())
            return 0.0 if len(seen) < 3 else None

        def _ended(self, how):
            seen.append(how)

    it = Told(abs, iter(range(2000)), look=0.0)
    thread = threading.Thread(target=it.worker(), daemon=True)
    thread.start()
    assert list(it) == list(range(2000))
    it.close()
    assert len(seen) == 4
    assert seen[-1] == "done"
    thread.join(60)
