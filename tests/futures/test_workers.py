"""An executor's workers: when they end, what they keep alive, and signals and forks."""

import gc
import os
import signal
import sys
import threading as _threading
import weakref

import pytest
from forking import FORKED

SOON = 60  # seconds: a deadline that only a hang reaches
FREE = not getattr(sys, "_is_gil_enabled", lambda: True)()


class Node:
    def method(self, *args):
        return args


def ended(threads):
    """Whether all threads have ended; collects garbage, on which it may depend."""
    gc.collect()
    return not any(thread.is_alive() for thread in threads)


# The end of an executor that nobody shuts down.


def test_the_workers_of_an_executor_that_is_gone_end(futures, threading, until):
    executor, meeting = futures.ThreadPoolExecutor(3), threading.Barrier(3)
    for call in [executor.submit(meeting.wait, SOON) for _ in range(3)]:
        call.result(SOON)
    workers = list(executor._threads)
    del executor
    until(lambda: ended(workers))


def test_the_calls_of_an_executor_that_is_gone_are_made(futures, threading, until):
    executor, go, made = futures.ThreadPoolExecutor(2), threading.Event(), []
    for _ in range(2):
        executor.submit(go.wait, SOON)
    calls = [executor.submit(made.append, number) for number in range(50)]
    workers = list(executor._threads)
    reference = weakref.ref(executor)
    del executor
    until(lambda: gc.collect() is not None and reference() is None)
    go.set()
    for call in calls:
        call.result(SOON)
    assert sorted(made) == list(range(50))
    until(lambda: ended(workers))


def test_an_executor_that_its_own_calls_hold_is_collected_when_they_are_made(futures, until):
    executor, node = futures.ThreadPoolExecutor(2), Node()
    node.executor = executor
    calls = [executor.submit(node.method, node, executor) for _ in range(20)]
    node.calls = calls
    workers, reference = list(executor._threads), weakref.ref(node)
    futures.wait(calls, SOON)
    del executor, node, calls
    until(lambda: ended(workers) and reference() is None)


def test_a_cycle_of_executor_and_future_is_collected(futures, until):
    executor = futures.ThreadPoolExecutor(1)
    executor.future = executor.submit(list, [executor])
    executor.future.add_done_callback(lambda f, keep=executor: None)
    executor.future.result(SOON)
    workers, reference = list(executor._threads), weakref.ref(executor)
    del executor
    until(lambda: ended(workers) and reference() is None)


# What workers keep alive.


@pytest.mark.parametrize("end", ["returns", "raises"])
def test_a_worker_that_is_idle_keeps_nothing_of_its_last_call(futures, let_go, end):
    executor, node, result = futures.ThreadPoolExecutor(1), Node(), Node()
    references = [weakref.ref(node), weakref.ref(result)]

    def call(node, keyword, result):
        if end == "raises":
            raise ValueError(result)
        return result

    future = executor.submit(call, node, keyword=node, result=result)
    future.exception(SOON)
    references += [weakref.ref(future), weakref.ref(call)]
    del future, node, result, call
    for reference in references:
        let_go(reference)
    executor.shutdown()


@pytest.mark.raddle_only
@pytest.mark.skipif(FREE, reason="a reference that another thread owns is dropped later")
def test_a_calls_arguments_are_freed_before_its_end_is_told(futures, threading):
    executor, node = futures.ThreadPoolExecutor(1), Node()
    reference, gone, go = weakref.ref(node), [], threading.Event()
    future = executor.submit(lambda node: go.wait(SOON), node)
    future.add_done_callback(lambda f: gone.append(reference() is None))
    del node
    go.set()
    future.result(SOON)
    executor.shutdown()
    assert gone == [True]


def test_a_call_that_was_cancelled_is_let_go_by_the_worker(futures, threading, until):
    executor, go, node = futures.ThreadPoolExecutor(1), threading.Event(), Node()
    executor.submit(go.wait, SOON)
    reference = weakref.ref(node)
    assert executor.submit(node.method, node).cancel()
    del node
    go.set()
    until(lambda: gc.collect() is not None and reference() is None)
    executor.shutdown()


def test_calls_in_the_queue_are_seen_by_the_collector(futures, threading, until):
    executor, go, node = futures.ThreadPoolExecutor(1), threading.Event(), Node()
    executor.submit(go.wait, SOON)
    calls = [executor.submit(int, node=node) for _ in range(3)]
    node.calls, node.executor = calls, executor
    gc.collect()  # Nothing of it is garbage.
    until(lambda queue=executor._work_queue: queue.qsize() == 3)
    for call in calls:
        call.cancel()
    reference = weakref.ref(node)
    del node, calls, call
    go.set()
    executor.shutdown()
    del executor
    until(lambda: gc.collect() is not None and reference() is None)


# Signals.


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    "way", ["result", "exception", "wait", "as_completed", "shutdown", "map"]
)
def test_a_signal_ends_the_wait_of_the_main_thread(futures, spawn, asleep, threading, way):
    executor, go = futures.ThreadPoolExecutor(1), threading.Event()
    future = executor.submit(go.wait, SOON)
    waits = {
        "result": future.result,
        "exception": lambda: future.exception(SOON),
        "wait": lambda: futures.wait([future]),
        "as_completed": lambda: list(futures.as_completed([future])),
        "shutdown": executor.shutdown,
        "map": lambda: list(executor.map(int, "1")),
    }
    main = _threading.main_thread()

    class Stop(Exception):
        pass

    def stop(number, frame):
        raise Stop

    def interrupt():
        asleep(main)
        signal.pthread_kill(main.ident, signal.SIGUSR1)

    previous = signal.signal(signal.SIGUSR1, stop)
    try:
        interrupter = spawn(interrupt)
        with pytest.raises(Stop):
            waits[way]()
        interrupter.result()
        assert not future.done()
    finally:
        signal.signal(signal.SIGUSR1, previous)
        go.set()
    assert future.result(SOON) is True
    executor.shutdown()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_ctrl_c_ends_a_program_that_waits_for_a_result(futures_child):
    code = """
        import os, signal, threading as plain, time
        executor, go = futures.ThreadPoolExecutor(1), plain.Event()
        future = executor.submit(go.wait)
        sent = []
        def asleep():
            with open("/proc/self/stat") as stat:
                return stat.read().rpartition(")")[2].split()[0] == "S"
        def interrupt():
            looks = 0
            while looks < 20:  # In a row: the main thread waits.
                looks = looks + 1 if asleep() else 0
                time.sleep(0.001)
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)
        plain.Thread(target=interrupt).start()
        try:
            future.result()
        except KeyboardInterrupt:
            late = time.monotonic() - sent[0]
            print("interrupted", "at once" if late < 5 else late)
        go.set()
        print(future.result())
        """
    assert futures_child(code).stdout == "interrupted at once\nTrue\n"


# Forks.

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

FORK = FORKED + "import threading as plain, time\n"


@needs_fork
def test_a_child_forked_beside_a_busy_executor_has_executors_of_its_own(futures_child):
    code = """
executor, end = futures.ThreadPoolExecutor(3), plain.Event()
def submit():
    while not end.is_set():
        executor.submit(int).result()
threads = [plain.Thread(target=submit) for _ in range(2)]
for thread in threads: thread.start()
def work():
    mine = futures.ThreadPoolExecutor(2)
    assert list(mine.map(abs, range(-50, 0))) == list(range(50, 0, -1))
    mine.shutdown()
    mine = futures.ThreadPoolExecutor(2)
    assert [f.result(60) for f in [mine.submit(pow, 2, n) for n in range(9)]][-1] == 256
print({forked(work) for _ in range(30)})
end.set()
for thread in threads: thread.join()
executor.shutdown()
"""
    assert futures_child(FORK + code).stdout == "{0}\n"


@needs_fork
def test_a_call_may_fork(futures_child):
    code = """
executor = futures.ThreadPoolExecutor(2)
def work():
    mine = futures.ThreadPoolExecutor(1)
    assert mine.submit(pow, 2, 5).result(60) == 32
    mine.shutdown()
print([executor.submit(forked, work).result(60) for _ in range(5)])
"""
    assert futures_child(FORK + code).stdout == "[0, 0, 0, 0, 0]\n"


@needs_fork
def test_a_future_of_the_parents_ends_in_the_child_if_the_child_ends_it(futures_child):
    code = """
future = futures.Future()
waiters = [plain.Thread(target=future.result, daemon=True) for _ in range(2)]
for thread in waiters: thread.start()
count = getattr(future, "_waiting", lambda: len(future._condition._waiters))
while count() < 2:
    time.sleep(0.001)
def work():
    assert not future.done()
    thread = plain.Thread(target=future.set_result, args=(7,))
    thread.start()
    assert future.result(60) == 7
    thread.join()
print(forked(work), future.done())
future.set_result(8)
for thread in waiters: thread.join()
"""
    assert futures_child(FORK + code).stdout == "0 False\n"


@needs_fork
def test_a_child_that_exits_waits_for_none_of_the_parents_workers(futures_child):
    code = """
executor, go = futures.ThreadPoolExecutor(2), plain.Event()
calls = [executor.submit(go.wait, 60) for _ in range(2)]
executor.submit(int)
sys.stdout.flush()
pid = os.fork()
if pid == 0:
    mine = futures.ThreadPoolExecutor(1)
    mine.submit(print, "the child's")
    sys.exit(3)
print("child", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
go.set()
print([call.result(60) for call in calls])
"""
    done = futures_child(FORK + code)
    assert done.stdout == "the child's\nchild 3\n[True, True]\n"


# Threads that do not start.


@pytest.fixture
def starts(futures, monkeypatch):
    """Have the start of workers go as the test says: by `starts.fail`, a number of failures."""
    probe = futures.ThreadPoolExecutor(1)
    probe.submit(int).result(SOON)
    kind = type(next(iter(probe._threads)))
    probe.shutdown()
    start = kind.start

    class Starts:
        fail = 0

    def maybe(thread):
        if Starts.fail:
            Starts.fail -= 1
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(kind, "start", maybe)
    return Starts


@pytest.mark.raddle_only
def test_without_a_single_worker_submit_raises_and_nothing_stays_behind(futures, starts):
    executor, made = futures.ThreadPoolExecutor(2), []
    starts.fail = 1
    with pytest.raises(RuntimeError, match="can't start new thread"):
        executor.submit(made.append, "lost")
    assert executor._threads == set()
    assert executor.submit(made.append, "second").result(SOON) is None
    executor.shutdown()
    assert made == ["second"], "the caller that got an error does not see its call made"


@pytest.mark.raddle_only
def test_with_a_worker_there_a_failure_to_start_another_fails_nobody(
    futures, starts, threading
):
    executor, go = futures.ThreadPoolExecutor(3), threading.Event()
    first = executor.submit(go.wait, SOON)
    starts.fail = 1000
    calls = [executor.submit(pow, 2, number) for number in range(10)]
    go.set()
    assert first.result(SOON) and [call.result(SOON) for call in calls][-1] == 512
    assert len(executor._threads) == 1
    starts.fail = 0
    executor.shutdown()


@pytest.mark.raddle_only
def test_a_failure_to_start_is_made_good_by_a_later_call(futures, starts, threading):
    executor, meeting = futures.ThreadPoolExecutor(2), threading.Barrier(2)
    starts.fail = 0
    first = executor.submit(meeting.wait, SOON)
    starts.fail = 1
    second = executor.submit(meeting.wait, SOON)
    third = executor.submit(int)
    assert sorted((first.result(SOON), second.result(SOON))) == [0, 1]
    assert third.result(SOON) == 0 and len(executor._threads) == 2
    executor.shutdown()


@pytest.mark.raddle_only
@pytest.mark.skipif(sys.platform != "linux", reason="uses a limit of Linux")
def test_when_the_system_has_no_thread_left_submit_raises(futures_child):
    code = """
        import threading as plain
        if "raddle" in str(futures):
            from raddle import threading as plain
        plain.stack_size(1 << 46)  # More than any address space has.
        executor = futures.ThreadPoolExecutor(2)
        for _ in range(3):
            try:
                executor.submit(print, "made")
            except RuntimeError as error:
                print("refused")
        plain.stack_size(0)
        print(executor.submit(int).result(60))
        """
    assert futures_child(code).stdout == "refused\nrefused\nrefused\n0\n"


def test_a_call_reaches_a_worker_that_sleeps(futures, asleep):
    executor = futures.ThreadPoolExecutor(2)
    for number in range(30):
        assert executor.submit(abs, -number).result(SOON) == number
        asleep(*executor._threads)
    executor.shutdown()


# Interruptions.


@pytest.mark.raddle_only
@pytest.mark.parametrize("way", ["shutdown", "initializer"])
def test_a_callback_that_interrupts_the_end_of_many_calls_keeps_none_from_ending(
    futures, threading, caplog, way
):
    go = threading.Event()

    def initialize():
        go.wait(SOON)
        if way == "initializer":
            raise ValueError

    executor, asked = futures.ThreadPoolExecutor(1, initializer=initialize), []
    calls = [executor.submit(go.wait, SOON) for _ in range(20)]

    def interrupt(future):
        asked.append(future)
        raise KeyboardInterrupt

    for call in calls[1::3]:
        call.add_done_callback(interrupt)
    if way == "shutdown":
        with pytest.raises(KeyboardInterrupt):
            executor.shutdown(cancel_futures=True)
    go.set()
    for call in calls[1:]:
        with pytest.raises((futures.CancelledError, futures.BrokenExecutor)):
            call.result(SOON)
    executor.shutdown()
    # (A worker that was on its way may have made the first call.)
    assert calls[0].done() and asked == calls[1::3]
