"""Queues and the interpreter: garbage, destructors, signals, forks and the exit."""

import gc
import os
import signal
import sys
import weakref
from textwrap import dedent

import pytest
from conftest import QUEUE_PRELUDE
from forking import FORKED

KINDS = ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue")


class Node:
    def __lt__(self, other):
        return False


@pytest.fixture(params=KINDS)
def make(queue, request):
    return getattr(queue, request.param)


@pytest.fixture
def program(child):
    """Run code in a fresh interpreter that has the subject's `threading` and `queue`."""

    def run(code, **options):
        return child(code, prelude=QUEUE_PRELUDE, **options)

    return run


def test_a_cycle_through_a_queue_is_collected(make, until):
    it, node = make(), Node()
    node.it = it
    for _ in range(100):
        it.put(node)
    reference = weakref.ref(node)
    del node, it
    until(lambda: gc.collect() is not None and reference() is None)


def test_a_queue_in_itself_is_collected(make, until):
    it = make()
    it.put(it)
    reference = weakref.ref(it)
    del it
    until(lambda: gc.collect() is not None and reference() is None)


@pytest.mark.raddle_only
def test_the_collector_sees_every_item(make):
    it, nodes = make(), [Node() for _ in range(200)]
    for node in nodes:
        it.put(node)
    assert {id(each) for each in gc.get_referents(it)} >= {id(node) for node in nodes}


def test_what_is_queued_stays_alive_and_is_let_go_when_it_leaves(make):
    it, node = make(), Node()
    reference = weakref.ref(node)
    it.put(node)
    del node
    gc.collect()
    assert reference() is not None
    it.get()
    gc.collect()
    assert reference() is None


def test_items_go_with_their_queue(make):
    it, node = make(), Node()
    reference = weakref.ref(node)
    it.put(node)
    del node, it
    gc.collect()
    assert reference() is None


@pytest.mark.raddle_only
def test_a_destructor_may_put_into_the_queue_from_inside_any_of_its_methods(program):
    # The collector may run at any allocation, so also inside of put() and get().
    code = """
        import gc, itertools
        for make in (queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue):
            q, count = make(), itertools.count()
            class Node:
                def __init__(self): self.me = self
                def __del__(self): q.put(next(count))
            gc.set_threshold(1)
            got = 0
            for _ in range(500):
                Node()
                q.put(next(count))
                got += q.get() >= 0
            gc.set_threshold(700)
            gc.collect()
            got += sum(q.get() >= 0 for _ in range(q.qsize()))
            assert got == next(count) == 1000, got
        print("done")
        """
    assert program(code).stdout == "done\n"


@pytest.mark.raddle_only
def test_an_item_dropped_by_a_queue_may_use_the_queue(make):
    it, seen = make(), []

    class Last:
        def __del__(self):
            it.put(1)
            seen.append(it.get())

    it.put(Last())
    it.get()
    assert seen == [1]
    if hasattr(it, "shutdown"):

        class Late:
            def __del__(self):
                try:
                    it.put(2)
                except Exception as error:
                    seen.append(type(error).__name__)

        it.put(Late())
        it.shutdown(immediate=True)
        assert seen == [1, "ShutDown"]


def test_ten_thousand_queues_leave_no_blocks_behind(make):
    def churn(count):
        for _ in range(count):
            it = make()
            for item in range(3):
                it.put(item)
            it.get()

    churn(500)
    gc.collect()
    before = sys.getallocatedblocks()
    churn(10_000)
    gc.collect()
    assert sys.getallocatedblocks() - before < 1000


def test_ctrl_c_ends_a_blocked_get_and_a_blocked_put(program):
    code = """
        import _thread, os, signal, time
        def interrupt():
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGINT)
        full = queue.Queue(1); full.put(1)
        for wait in (queue.Queue().get, queue.SimpleQueue().get, queue.PriorityQueue().get,
                     lambda: queue.Queue().get(timeout=60), lambda: full.put(2), full.join):
            threading.Thread(target=interrupt).start()
            try:
                wait()
                print("not interrupted")
            except KeyboardInterrupt:
                print("interrupted")
        assert full.qsize() == 1
        """
    assert program(code).stdout == "interrupted\n" * 6


@pytest.mark.raddle_only
def test_a_signal_handler_may_use_the_queue_that_it_interrupts(make, spawn, until):
    it, handled = make(), []

    def handler(*_):
        it.put(len(handled))
        handled.append(it.get())

    main = signal.getsignal(signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, handler)

    def prod():
        until(lambda: sum(it._waiting()) if type(it._waiting()) is tuple else it._waiting())
        for number in range(5):
            os.kill(os.getpid(), signal.SIGUSR1)
            until(lambda number=number: len(handled) > number)
        it.put(7)

    prodder = spawn(prod)
    try:
        assert it.get() == 7
    finally:
        signal.signal(signal.SIGUSR1, main)
    prodder.result()
    assert handled == [0, 1, 2, 3, 4]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.raddle_only
def test_a_forked_child_has_the_items_and_can_go_on(program):
    code = """
        import os, sys, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        for make in (queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue):
            q, empty, stop = make(), make(), threading.Event()
            for i in range(3): q.put(i)
            def busy():
                while not stop.is_set():
                    empty.put(1); empty.get()
            def blocked():
                late.append(end.get())
            end, late = make(), []
            others = [threading.Thread(target=f, daemon=True) for f in (busy, busy, blocked)]
            for t in others: t.start()
            for _ in range(20):
                pid = os.fork()
                if pid == 0:
                    try:
                        assert sorted(q.get() for _ in range(3)) == [0, 1, 2] and q.empty()
                        for each in (q, empty, end):
                            while each.qsize(): each.get()
                            each.put(5)
                            assert each.get(timeout=60) == 5
                        t = threading.Thread(target=q.put, args=(6,))
                        t.start()
                        assert q.get(timeout=60) == 6
                        t.join()
                        os._exit(0)
                    except BaseException:
                        import traceback; traceback.print_exc()
                        os._exit(1)
                assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
            stop.set(); end.put(1)
            for t in others: t.join()
            assert late == [1]
        print("done")
        """
    assert program(code).stdout == "done\n"


# A heap's items compare in Python: `then`, once, in the middle of a put.
ITEMS = (
    FORKED
    + """
class Item:
    def __init__(self, number, then=None): self.number, self.then = number, then
    def __lt__(self, other):
        then, self.then = self.then, None
        if then: then()
        return self.number < other.number
q = queue.PriorityQueue()
q.put(Item(1))
"""
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.raddle_only
def test_a_heap_is_the_forking_threads_in_the_child_whichever_thread_comes_first(program):
    code = """
        from raddle._raddle import _waits
        def work():
            other = threading.Thread(target=q.put, args=(Item(0),))
            other.start()
            while other.is_alive() and not any(wait[0] == other.ident for wait in _waits()):
                pass
            # It waits for the end of this comparison.
            assert other.is_alive() and q.qsize() == 1
            others.append(other)
        others = []
        def compare():
            pid = os.fork()
            if pid:
                print("exit", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
                return
            signal.alarm(60)
            work()
        q.put(Item(2, compare))
        if others:
            others[0].join()
            assert [q.get().number for _ in range(3)] == [0, 1, 2]
            os._exit(0)
        """
    assert program(ITEMS + dedent(code)).stdout == "exit 0\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.raddle_only
def test_a_heap_is_free_in_the_child_for_a_thread_with_the_identifier_of_one_that_is_gone(
    program,
):
    code = """
        inside, go_on = threading.Event(), threading.Event()
        def compare():
            inside.set()
            go_on.wait()
        gone = threading.Thread(target=q.put, args=(Item(2, compare),))
        gone.start()
        inside.wait()
        def work():
            # The system gives out identifiers again: one of these threads has that of `gone`.
            end = threading.Event()
            def put():
                q.put(Item(threading.get_ident()))
                end.wait()
            for count in range(2, 7):
                threading.Thread(target=put, daemon=True).start()
                while q.qsize() < count: pass
            q.put(Item(0))
            assert q.get().number == 0
        print_forked(work)
        go_on.set(); gone.join()
        assert [q.get().number for _ in range(2)] == [1, 2]
        """
    assert program(ITEMS + dedent(code)).stdout == "exit 0\n"


@pytest.mark.parametrize("how", ["returns", "raises"])
def test_daemon_threads_blocked_in_queues_do_not_hold_up_the_exit(program, how):
    code = """
        import sys
        full = queue.Queue(1); full.put(1)
        waits = [queue.Queue().get, queue.SimpleQueue().get, queue.PriorityQueue().get,
                 lambda: queue.Queue().get(timeout=3600), lambda: full.put(2), full.join]
        for wait in waits * 3:
            threading.Thread(target=wait, daemon=True).start()
        import time
        time.sleep(0.1)
        print("main ends", flush=True)
        if sys.argv[1] == "raises":
            raise SystemExit(3)
        """
    done = program(code, check=False, arguments=[how])
    assert (done.stdout, done.stderr) == ("main ends\n", "")
    assert done.returncode == (3 if how == "raises" else 0)


def test_daemon_threads_that_pass_items_do_not_disturb_the_exit(program):
    code = """
        for make in (queue.Queue, queue.PriorityQueue, queue.SimpleQueue) * 2:
            q = make()
            def play():
                while True:
                    q.put(1); q.get()
            for _ in range(2):
                threading.Thread(target=play, daemon=True).start()
        import time
        time.sleep(0.1)
        """
    for _ in range(3):
        program(code)


@pytest.mark.raddle_only
def test_the_dict_of_a_queue_can_be_replaced_while_others_use_it(queue, spawn):
    it, over = queue.Queue(), []

    def replace():
        for number in range(20_000):
            it.__dict__ = {"note": number} if number % 2 else {}
        over.append(True)

    def use():
        while not over:
            it.put_nowait(None)
            it.get_nowait()

    users = [spawn(use) for _ in range(2)]
    spawn(replace).result()
    for user in users:
        user.result()
    assert (it.note, it.empty()) == (19_999, True)
