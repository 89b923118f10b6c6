"""Barrier: generations, breaking, resetting, actions and timeouts."""

import gc
import re
import sys
import time
import weakref

import pytest

# NaN is absent: the stdlib's own loop never ends on it.
TIMEOUTS = [0, 0.0, -1, -0.5, 1e-9, 0.001, False, "1", [], 1j, float("inf"), float("-inf")]
TIMEOUTS += [10**30, -(10**30), 1e300]


def shown(value):
    return re.sub(r" at 0x\w+", "", repr(value))


@pytest.mark.parametrize("timeout", TIMEOUTS, ids=shown)
def test_wait_treats_timeouts_as_the_stdlib(same, timeout):
    same(lambda m: m.Barrier(2).wait(timeout))
    same(lambda m: m.Barrier(2, timeout=timeout).wait())


@pytest.mark.parametrize("timeout", [0, -1, 0.5, None])
def test_the_last_to_arrive_needs_no_time(same, timeout):
    assert same(lambda m: m.Barrier(1, timeout=timeout).wait()) == ("returned", 0)
    assert same(lambda m: m.Barrier(1).wait(timeout)) == ("returned", 0)


@pytest.mark.parametrize("timeout", [*TIMEOUTS, None], ids=shown)
def test_what_a_failed_wait_leaves_is_what_the_stdlib_leaves(same, timeout):
    def call(module):
        barrier = module.Barrier(2)
        if timeout is None:
            barrier.abort()
        try:
            barrier.wait(timeout)
        except Exception as error:
            return type(error).__name__, barrier.broken, barrier.n_waiting, barrier.parties

    same(call)


@pytest.mark.parametrize("parties", [1, 2, 10**6])
def test_parties_are_accepted_as_by_the_stdlib(same, parties):
    assert same(lambda m: m.Barrier(parties).parties) == ("returned", parties)


@pytest.mark.parametrize(
    "parties, error", [(0, ValueError), (-1, ValueError), (None, TypeError), ("1", TypeError)]
)
def test_parties_below_one_and_no_numbers_are_refused(threading, subject, parties, error):
    if subject == "stdlib" and sys.version_info < (3, 13):
        pytest.skip("the stdlib refuses them from a patch release of 3.12 on")
    with pytest.raises(error):
        threading.Barrier(parties)


def test_fifty_generations_with_four_threads(threading, spawn):
    barrier, generations, lock = (
        threading.Barrier(4),
        [set() for _ in range(50)],
        threading.Lock(),
    )

    def work():
        for number in range(50):
            with lock:
                assert all(len(past) == 4 for past in generations[:number])
            index = barrier.wait(60)
            with lock:
                generations[number].add(index)
            barrier.wait(60)

    for each in [spawn(work) for _ in range(4)]:
        each.result()
    assert generations == [{0, 1, 2, 3}] * 50
    assert barrier.n_waiting == 0 and barrier.broken is False


def test_fifty_generations_back_to_back_mix_nobody_up(threading, spawn):
    barrier, passed = threading.Barrier(4), [0] * 4

    def work(me):
        for number in range(50):
            barrier.wait(60)
            # no thread can be a whole generation ahead of one that has yet to pass
            assert all(
                number <= other <= number + 1 for other in passed[:me] + passed[me + 1 :]
            )
            passed[me] += 1
            barrier.wait(60)

    for each in [spawn(work, me) for me in range(4)]:
        each.result()
    assert passed == [50] * 4


def test_n_waiting_counts_those_who_wait(threading, spawn, until):
    barrier, waiters = threading.Barrier(4), []
    for count in (1, 2, 3):
        waiters.append(spawn(barrier.wait))
        until(lambda count=count: barrier.n_waiting == count)
        assert f"waiters={count}/4>" in repr(barrier)
    assert barrier.wait() == 3
    assert sorted(each.result() for each in waiters) == [0, 1, 2]
    assert barrier.n_waiting == 0 and barrier.parties == 4


def test_n_waiting_counts_all_parties_while_the_action_runs(threading, spawn):
    seen = []
    barrier = threading.Barrier(
        2, action=lambda: seen.append((barrier.n_waiting, repr(barrier).split(": ")[1]))
    )
    other = spawn(barrier.wait)
    barrier.wait()
    other.result()
    assert seen == [(2, "waiters=2/2>")] and barrier.n_waiting == 0


def test_the_action_runs_once_a_generation_before_anyone_leaves(threading, spawn):
    ran = []
    barrier = threading.Barrier(3, action=lambda: ran.append(threading.get_ident()))

    def work():
        seen = []
        for _ in range(10):
            barrier.wait(60)
            seen.append(len(ran))
            barrier.wait(60)
        return seen

    workers = [spawn(work) for _ in range(3)]
    assert [each.result() for each in workers] == [list(range(1, 20, 2))] * 3
    assert set(ran) <= {each.ident for each in workers} and len(ran) == 20


def test_the_action_runs_in_the_last_thread_to_arrive(threading, spawn, until):
    ran = []
    barrier = threading.Barrier(2, lambda: ran.append(threading.get_ident()))
    waiter = spawn(barrier.wait)
    until(lambda: barrier.n_waiting == 1)
    assert barrier.wait() == 1
    assert waiter.result() == 0 and ran == [threading.get_ident()]


def test_an_action_that_raises_breaks_it_for_all(threading, spawn, until):
    barrier = threading.Barrier(3, action=lambda: 1 / 0)
    waiters = [spawn(barrier.wait), spawn(barrier.wait)]
    until(lambda: barrier.n_waiting == 2)
    with pytest.raises(ZeroDivisionError):
        barrier.wait()
    for each in waiters:
        with pytest.raises(threading.BrokenBarrierError):
            each.result()
    assert barrier.broken is True and barrier.n_waiting == 0
    barrier.reset()
    assert barrier.broken is False


def test_abort_breaks_it_for_those_inside_and_those_to_come(threading, spawn, until):
    barrier = threading.Barrier(3)
    waiters = [spawn(barrier.wait), spawn(barrier.wait)]
    until(lambda: barrier.n_waiting == 2)
    assert barrier.abort() is None
    for each in waiters:
        with pytest.raises(threading.BrokenBarrierError):
            each.result()
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait()
    assert barrier.broken and repr(barrier).endswith(": broken>")


def test_reset_throws_out_those_inside_and_then_works_again(threading, spawn, until):
    barrier = threading.Barrier(3)
    waiters = [spawn(barrier.wait), spawn(barrier.wait)]
    until(lambda: barrier.n_waiting == 2)
    assert barrier.reset() is None
    for each in waiters:
        with pytest.raises(threading.BrokenBarrierError):
            each.result()
    assert barrier.broken is False and barrier.n_waiting == 0
    again = [spawn(barrier.wait) for _ in range(3)]
    assert sorted(each.result() for each in again) == [0, 1, 2]


def test_abort_and_then_reset_makes_it_whole(threading, spawn):
    barrier = threading.Barrier(2)
    barrier.abort()
    barrier.reset()
    both = [spawn(barrier.wait), spawn(barrier.wait)]
    assert sorted(each.result() for each in both) == [0, 1]


@pytest.mark.parametrize("where", ["wait", "constructor"])
@pytest.mark.parametrize("timeout", [0.001, 0.05, 1])
def test_a_timeout_is_never_early_and_breaks_it(threading, where, timeout):
    barrier = threading.Barrier(2, timeout=timeout if where == "constructor" else None)
    start = time.perf_counter_ns()
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait(timeout if where == "wait" else None)
    assert time.perf_counter_ns() - start >= timeout * 1e9
    assert barrier.broken


def test_one_that_times_out_takes_the_others_with_it(threading, spawn, until):
    barrier = threading.Barrier(3)
    waiter = spawn(barrier.wait)
    until(lambda: barrier.n_waiting == 1)
    for attempt in (spawn(barrier.wait, 0.01), waiter):
        with pytest.raises(threading.BrokenBarrierError):
            attempt.result()
    assert barrier.broken


def test_waits_timeout_overrules_the_constructors(threading, spawn, until):
    barrier = threading.Barrier(2, timeout=0.001)
    waiter = spawn(barrier.wait, 60)
    until(lambda: barrier.n_waiting == 1)
    assert barrier.wait(60) == 1 and waiter.result() == 0


def test_a_barrier_of_one_never_blocks(threading):
    barrier = threading.Barrier(1, action=lambda: None)
    assert [barrier.wait() for _ in range(5)] == [0] * 5


def test_broken_barrier_error_is_the_stdlibs(threading, stock):
    assert threading.BrokenBarrierError is stock.BrokenBarrierError
    assert issubclass(threading.BrokenBarrierError, RuntimeError)


def test_subclasses_have_a_dict_and_weak_references(threading):
    class Named(threading.Barrier):
        def __init__(self, parties, name):
            super().__init__(parties)
            self.name = name

        def wait(self, timeout=None):
            self.name += "!"
            return super().wait(timeout)

    barrier = Named(1, "a")
    assert barrier.wait() == 0 and vars(barrier)["name"] == "a!"
    assert shown(barrier) == f"<{__name__}.{Named.__qualname__}: waiters=0/1>"
    reference = weakref.ref(barrier)
    del barrier
    gc.collect()
    assert reference() is None


def test_init_again_takes_the_new_parties_action_and_timeout(threading):
    calls = []
    barrier = threading.Barrier(1, lambda: calls.append("old"), 60)
    barrier.__init__(1, lambda: calls.append("new"))
    assert barrier.wait() == 0 and calls == ["new"]
    barrier.__init__(2, timeout=0.001)
    assert barrier.parties == 2
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait()
    barrier.__init__(2)
    assert not barrier.broken and barrier.n_waiting == 0
    barrier.__init__(1)
    assert barrier.wait() == 0 and calls == ["new"]


@pytest.mark.raddle_only  # the stdlib lets them wait for ever
@pytest.mark.parametrize("parties", [2, 3])
def test_init_again_breaks_the_round_of_those_who_wait(threading, spawn, until, parties):
    barrier = threading.Barrier(2)
    waiter = spawn(barrier.wait)
    until(lambda: barrier.n_waiting == 1)
    barrier.__init__(parties)
    with pytest.raises(threading.BrokenBarrierError):
        waiter.result()
    assert (barrier.n_waiting, barrier.parties, barrier.broken) == (0, parties, False)


def test_repr_and_type_are_the_stdlib_ones(threading, stock):
    assert shown(threading.Barrier(3)) == shown(stock.Barrier(3))
    assert threading.Barrier.__module__ == "threading"


def test_arguments_are_refused_as_by_the_stdlib(same):
    same(lambda m: m.Barrier() is None)
    same(lambda m: m.Barrier(1, None, None, 1) is None)
    same(lambda m: m.Barrier(parties=1, action=None, timeout=None).wait(timeout=None))
    same(lambda m: m.Barrier(1, action=1).wait())
    same(lambda m: setattr(m.Barrier(1), "parties", 2))
    same(lambda m: setattr(m.Barrier(1), "broken", True))
