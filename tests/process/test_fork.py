"""Fork: the child runs, and what other threads held in the parent is free there."""

import os
import sys
from textwrap import dedent

import pytest
from forking import FORKED

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

# Every child program forks itself, so that the test's own process stays out of it.
FORK = (
    FORKED
    + """
def held(lock):
    "Let another thread hold the lock for as long as the program runs."
    taken = threading.Event()
    def hold():
        with lock:
            taken.set()
            stay.wait()
    threading.Thread(target=hold, daemon=True).start()
    taken.wait()
stay = threading.Event()
"""
)


def test_the_child_can_use_every_primitive_and_start_threads(child):
    code = """
        def work():
            lock, event, barrier = threading.Lock(), threading.Event(), threading.Barrier(2)
            condition, semaphore = threading.Condition(), threading.Semaphore(0)
            def other():
                with lock, condition:
                    event.set()
                semaphore.release()
                barrier.wait(60)
            t = threading.Thread(target=other)
            t.start()
            assert event.wait(60) and semaphore.acquire(timeout=60)
            barrier.wait(60); t.join(60)
            assert not t.is_alive()
            print("child", threading.active_count())
        print_forked(work)
        """
    assert child(FORK + dedent(code)).stdout == "child 1\nexit 0\n"


def test_only_the_forking_thread_is_left_in_the_child(child):
    code = """
        ended = threading.Event()
        others = [threading.Thread(target=ended.wait, daemon=True) for _ in range(3)]
        for t in others: t.start()
        def work():
            assert threading.enumerate() == [threading.current_thread()]
            assert threading.current_thread() is threading.main_thread()
            if sys.version_info >= (3, 14):  # before, the stdlib kept the parent's
                assert threading.main_thread().native_id == os.getpid()
            assert [t.is_alive() for t in others] == [False] * 3
            for t in others: t.join(60)
            assert all("stopped" in repr(t) for t in others)
            print("child")
        print_forked(work)
        assert all(t.is_alive() for t in others)
        ended.set()
        """
    assert child(FORK + dedent(code)).stdout == "child\nexit 0\n"


def test_a_fork_from_a_thread_makes_it_the_main_thread_of_the_child(child):
    code = """
        def work():
            assert threading.main_thread() is threading.current_thread() is t
            assert threading.main_thread().ident == threading.get_ident()
            print("child", threading.active_count())
        t = threading.Thread(target=print_forked, args=(work,))
        t.start(); t.join()
        """
    assert child(FORK + dedent(code)).stdout == "child 1\nexit 0\n"


@pytest.mark.parametrize("kind", ["Lock", "RLock"])
def test_a_lock_that_another_thread_held_is_reinitialised_as_asked(child, kind):
    code = f"""
        lock = threading.{kind}()
        held(lock)
        def work():
            assert not lock.acquire(False)
            lock._at_fork_reinit()
            assert lock.acquire(False)
            lock.release()
            print("child")
        print_forked(work)
        assert not lock.acquire(False)
        """
    assert child(FORK + dedent(code)).stdout == "child\nexit 0\n"


def test_the_thread_that_forked_may_start_another_as_its_last_act_in_the_child(child):
    code = """
        def fork():
            pid = os.fork()
            if pid:
                codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            else:
                threading.Thread(target=int).start()
        codes = []
        for _ in range(20):
            thread = threading.Thread(target=fork)
            thread.start()
            thread.join()
        print(codes)
        """
    assert child(FORK + dedent(code)).stdout == f"{[0] * 20}\n"


def test_a_lock_that_the_forking_thread_held_stays_held_in_the_child(child):
    code = """
        lock, rlock = threading.Lock(), threading.RLock()
        lock.acquire(), rlock.acquire(), rlock.acquire()
        def work():
            assert lock.locked() and not lock.acquire(False)
            assert rlock._is_owned() and rlock._recursion_count() == 2
            rlock.release(), rlock.release(), lock.release()
            with lock, rlock:
                print("child")
        print_forked(work)
        """
    assert child(FORK + dedent(code)).stdout == "child\nexit 0\n"


def test_waiters_of_the_parent_are_not_in_the_way_in_the_child(child):
    code = """
        condition, event = threading.Condition(), threading.Event()
        semaphore, barrier = threading.Semaphore(0), threading.Barrier(4)
        def meet():
            try:
                barrier.wait()
            except threading.BrokenBarrierError:
                pass
        waits = [event.wait, semaphore.acquire, meet]
        def wait():
            with condition:
                condition.wait()
        threads = [threading.Thread(target=w, daemon=True) for w in [wait, *waits]]
        for t in threads: t.start()
        while not repr(condition).endswith(", 1)>") or barrier.n_waiting != 1:
            pass
        def work():
            condition._at_fork_reinit()
            event._at_fork_reinit()
            with condition:
                condition.notify_all()
            assert repr(condition).endswith(", 0)>")
            event.set()
            assert event.wait(60)
            print("child")
        print_forked(work)
        with condition:
            condition.notify_all()
        event.set(); semaphore.release(); barrier.abort()
        """
    assert child(FORK + dedent(code)).stdout == "child\nexit 0\n"


def test_a_hundred_forks_under_contention_all_end(child):
    code = """
        locks = [threading.Lock(), threading.RLock(), threading.Condition(), threading.Event()]
        stop = threading.Event()
        def churn():
            lock, rlock, condition, event = locks
            while not stop.is_set():
                with lock: pass
                with rlock, rlock: pass
                with condition: condition.notify_all()
                event.set(); event.clear()
                threading.Event().wait(0.0001)
        threads = [threading.Thread(target=churn) for _ in range(3)]
        for t in threads: t.start()
        def work():
            for each in locks: each._at_fork_reinit()
            t = threading.Thread(target=lambda: None)
            t.start(); t.join()
        for _ in range(100):
            print_forked(work)
        stop.set()
        for t in threads: t.join()
        """
    assert child(FORK + dedent(code)).stdout == "exit 0\n" * 100


def test_modules_that_register_with_fork_work_in_the_child(child):
    code = """
        import logging, queue, concurrent.futures
        logging.basicConfig(stream=sys.stdout, format="%(message)s")
        held(logging.getLogger().handlers[0].lock)
        def work():
            logging.warning("child")
            q = queue.SimpleQueue(); q.put(1); assert q.get() == 1
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                assert list(pool.map(abs, [-1, -2])) == [1, 2]
        # logging takes its locks before a fork, so the holder has to let go first
        stay.set()
        print_forked(work)
        """
    assert child(FORK + dedent(code)).stdout == "child\nexit 0\n"


def test_the_child_ends_through_the_ordinary_exit(child):
    code = """
        import atexit
        stay_on = threading.Event()
        threading.Thread(target=stay_on.wait, daemon=True).start()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            atexit.register(print, "child at exit", flush=True)
            work = lambda: print("child's thread", flush=True)
            threading.Thread(target=work).start()
            sys.exit(7)
        print("exit", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """
    done = child(FORK + dedent(code))
    assert sorted(done.stdout.splitlines()) == ["child at exit", "child's thread", "exit 7"]


def test_a_child_forked_right_after_a_start_can_exit(child):
    code = """
        for _ in range(20):
            threading.Thread(target=stay.wait, daemon=True).start()
            pid = os.fork()
            if pid == 0:
                sys.exit(7)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        print("ended")
        """
    assert child(FORK + dedent(code)).stdout == "ended\n"


@pytest.mark.parametrize("forker", ["the main thread", "another thread"])
def test_a_child_forked_while_others_start_threads_runs_starts_its_own_and_ends(child, forker):
    code = f"""
        stop, turns = threading.Event(), [0] * 3
        def begin(me):
            begun = []
            while not stop.is_set():
                begun.append(threading.Thread(target=int))
                begun[-1].start()
                if len(begun) == 8:  # so that some are always on their way, and never many
                    for t in begun: t.join()
                    begun.clear()
                turns[me] += 1
        starters = [threading.Thread(target=begin, args=(n,)) for n in range(3)]
        for t in starters: t.start()
        def work():
            assert threading.active_count() == 1
            own = [threading.Thread(target=int) for _ in range(3)]
            for t in own: t.start()
            for t in own: t.join(60)
            assert not any(t.is_alive() for t in own)
        def forks():
            for _ in range(60):
                print_forked(work)
        if {forker == "the main thread"}:
            forks()
        else:
            t = threading.Thread(target=forks); t.start(); t.join()
        stop.set()
        for t in starters: t.join(60)
        print(all(turns) and not any(t.is_alive() for t in starters))
        """
    assert child(FORK + dedent(code)).stdout == "exit 0\n" * 60 + "True\n"


def test_from_the_hook_before_a_fork_on_no_thread_gets_a_thread_state(child):
    # Caught half-way it would hold locks that the interpreter does not renew in the child.
    code = """
        import os, time, warnings
        warnings.simplefilter("ignore")
        ran, most = [0] * 3, [0]
        def look():  # registered before raddle's hook, so that it runs after it
            before, limit = sum(ran), time.monotonic() + 0.1
            while time.monotonic() < limit:
                os.sched_yield()
                most[0] = max(most[0], sum(ran) - before)
        os.register_at_fork(before=look)
        from raddle import threading
        stop = threading.Event()
        def run(me):
            ran[me] += 1
        def begin(me):
            while not stop.is_set():
                t = threading.Thread(target=run, args=(me,))
                t.start()
                t.join()
        starters = [threading.Thread(target=begin, args=(n,)) for n in range(3)]
        for t in starters: t.start()
        for _ in range(10):
            pid = os.fork()
            if pid == 0:
                os._exit(0)
            os.waitpid(pid, 0)
        stop.set()
        for t in starters: t.join(60)
        print(most[0] <= 3 or most[0])  # one of each starter may have had its state
        """
    assert child(code, prelude="").stdout == "True\n"


def test_a_hook_before_a_fork_may_start_a_thread_and_wait_for_it(child):
    code = """
        import os, warnings
        warnings.simplefilter("ignore")
        ran = []
        def begin():  # registered before raddle's hook, so that it runs after it
            t = threading.Thread(target=ran.append, args=(1,))
            t.start()
            t.join()
        os.register_at_fork(before=begin)
        from raddle import threading
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        print(os.waitpid(pid, 0)[1], ran)
        """
    assert child(code, prelude="").stdout == "0 [1]\n"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="fork warns of threads from 3.12 on")
def test_a_single_threaded_program_forks_without_a_warning(child):
    code = """
        warnings.simplefilter("error")
        threads = [threading.Thread(target=lambda: None) for _ in range(4)]
        for t in threads: t.start()
        for t in threads: t.join()
        print_forked(lambda: print("child"))
        """
    assert child(FORK + dedent(code)).stdout == "child\nexit 0\n"


@pytest.mark.raddle_only
def test_a_fork_beside_a_thread_that_dies_leaves_the_child_able_to_have_such_threads(child):
    # (What one of them would import when it dies could never be imported in the child.)
    code = """
        class Slow:
            def find_spec(self, name, path=None, target=None):
                if name.startswith("raddle.") and threading.get_ident() != main:
                    importing.set()
                    forked_already.wait()
        main, slow = threading.get_ident(), Slow()
        sys.meta_path.insert(0, slow)
        importing, forked_already, go = [threading.Event() for _ in range(3)]
        threading.excepthook = lambda arguments: None
        def die(): raise ValueError
        def die_later(): go.wait(), die()
        def all_die():
            sys.meta_path.remove(slow)
            dying = [threading.Thread(target=die_later, daemon=True) for _ in range(6)]
            for t in dying: t.start()
            go.set()
            for t in dying: t.join(20)
            print("child", [t.is_alive() for t in dying].count(True))
        first = threading.Thread(target=die)
        first.start()
        while first.is_alive() and not importing.wait(0.001): pass
        print_forked(all_die)
        forked_already.set()
        """
    assert child(FORK + dedent(code)).stdout == "child 0\nexit 0\n"


@pytest.mark.raddle_only
def test_what_a_map_on_threads_needs_is_imported_with_its_name(child):
    # (A child that is forked while another thread imports something can never import that.)
    code = """
        import sys, raddle
        raddle.map
        before = set(sys.modules)
        print(list(raddle.map(abs, [-1, -2], workers=2)), list(raddle.map(abs, [-3])))
        with raddle.Pool(2) as pool:
            print(pool.submit(abs, -4).result(), list(pool.map(abs, [-5])))
        print(sorted(set(sys.modules) - before))
        """
    assert child(code, prelude="").stdout == "[1, 2] [3]\n4 [5]\n[]\n"
