"""Random call sequences: raddle answers as the stdlib does, alone and among threads."""

import queue

from calls import SETTINGS, act, shown
from hypothesis import given, settings
from hypothesis import strategies as st

FEW = settings(SETTINGS, max_examples=40)

# Timeouts that end at once when nobody comes; the last ones only ask for an error.
SHORT = st.sampled_from([0, 0.0, 1e-9, -0.5, 1e-5])
TIMEOUT = st.one_of(SHORT, st.sampled_from([None, "1", 1e300, -1, 10**30, []]))
FLAG = st.sampled_from([True, False, 0, 1])
COUNT = st.one_of(st.integers(-2, 6), st.sampled_from([None, "1", True]))


def compare(threading, stock, make, calls, blocks):
    """Run the calls on both; `blocks(theirs, name, args)` says which would wait for ever."""
    ours, theirs = make(threading), make(stock)
    for name, args in calls:
        if blocks(theirs, name, args):
            continue
        assert act(ours, name, args) == act(theirs, name, args), (name, args)
        assert shown(ours) == shown(theirs), (name, args)


def calls(**methods):
    """A strategy for lists of (method, arguments)."""
    each = [
        st.tuples(st.just(name), arguments if arguments is not None else st.just(()))
        for name, arguments in methods.items()
    ]
    return st.lists(st.one_of(each), max_size=30)


ACQUIRE = st.one_of(
    st.just(()),
    st.tuples(FLAG),
    st.tuples(FLAG, TIMEOUT),
)


def waits(args, default):
    """Whether arguments of acquire allow a wait without end, or one of seconds."""
    blocking = args[0] if args else True
    timeout = args[1] if len(args) > 1 else default
    return bool(blocking) and timeout == default


@SETTINGS
@given(calls(acquire=ACQUIRE, release=None, locked=None, __enter__=None, _at_fork_reinit=None))
def test_lock_answers_as_the_stdlib(threading, stock, sequence):
    def blocks(lock, name, args):
        return lock.locked() and (
            name == "__enter__" or (name == "acquire" and waits(args, -1))
        )

    compare(threading, stock, lambda m: m.Lock(), sequence, blocks)


@SETTINGS
@given(
    calls(
        acquire=ACQUIRE,
        release=None,
        __enter__=None,
        _is_owned=None,
        _recursion_count=None,
        _at_fork_reinit=None,
    )
)
def test_rlock_answers_as_the_stdlib(threading, stock, sequence):
    compare(threading, stock, lambda m: m.RLock(), sequence, lambda *_: False)


@SETTINGS
@given(
    st.sampled_from(["Semaphore", "BoundedSemaphore"]),
    st.integers(0, 3),
    calls(
        acquire=ACQUIRE,
        release=st.one_of(st.just(()), st.tuples(COUNT)),
        __enter__=None,
        __exit__=st.just((None, None, None)),
    ),
)
def test_semaphores_answer_as_the_stdlib(threading, stock, kind, value, sequence):
    def blocks(semaphore, name, args):
        empty = semaphore._value == 0
        return empty and (name == "__enter__" or (name == "acquire" and waits(args, None)))

    compare(threading, stock, lambda m: getattr(m, kind)(value), sequence, blocks)


@SETTINGS
@given(
    calls(wait=st.one_of(st.just(()), st.tuples(TIMEOUT)), set=None, clear=None, is_set=None)
)
def test_event_answers_as_the_stdlib(threading, stock, sequence):
    def blocks(event, name, args):
        return name == "wait" and not event.is_set() and args in ((), (None,))

    compare(threading, stock, lambda m: m.Event(), sequence, blocks)


@SETTINGS
@given(
    st.sampled_from([None, "Lock", "RLock", "_PyRLock"]),
    calls(
        acquire=st.just((False,)),
        release=None,
        __exit__=st.just((None, None, None)),
        wait=st.tuples(TIMEOUT),
        wait_for=st.tuples(st.sampled_from([bool, lambda: 7, lambda: 1 / 0]), SHORT),
        notify=st.one_of(st.just(()), st.tuples(st.integers(-1, 3))),
        notify_all=None,
        _is_owned=None,
    ),
)
def test_condition_answers_as_the_stdlib(threading, stock, kind, sequence):
    def make(module):
        return module.Condition(getattr(module, kind)() if kind else None)

    def blocks(condition, name, args):
        return name == "wait" and args == (None,) and condition._is_owned()

    compare(threading, stock, make, sequence, blocks)


@SETTINGS
@given(
    st.integers(1, 2),
    st.sampled_from([None, int, lambda: 1 / 0]),
    calls(
        wait=st.one_of(st.just(()), st.tuples(SHORT), st.tuples(st.none())),
        reset=None,
        abort=None,
        broken=None,
        n_waiting=None,
        parties=None,
    ),
)
def test_barrier_answers_as_the_stdlib(threading, stock, parties, action, sequence):
    def blocks(barrier, name, args):
        alone = barrier.parties == 1 or barrier.broken
        return name == "wait" and args in ((), (None,)) and not alone

    compare(threading, stock, lambda m: m.Barrier(parties, action), sequence, blocks)


# Programs of several threads whose final state does not depend on which ran when.

STEP = st.one_of(
    st.tuples(st.just("add"), st.integers(0, 2), st.integers(-5, 5)),
    st.tuples(st.just("nest"), st.integers(0, 2), st.integers(0, 2)),
    st.tuples(st.just("permit"), st.integers(0, 1), st.integers(1, 3)),
    st.tuples(st.just("post"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("pause"), st.sampled_from([0, 1e-6, 1e-4]), st.just(0)),
)
PROGRAM = st.lists(st.lists(STEP, max_size=12), min_size=2, max_size=5)


def run(module, program):
    """Run one thread per list of steps; return everything that they left."""
    locks = [module.Lock(), module.RLock(), module.Semaphore(1)]
    permits = [module.Semaphore(2), module.BoundedSemaphore(3)]
    counters, inside, most, failures = [0, 0, 0], [0, 0], [0, 0], []
    mailbox, condition, guard = [], module.Condition(), module.Lock()
    start, never = module.Barrier(len(program) + 1), module.Event()

    def step(name, first, second):
        if name == "add":
            with locks[first]:
                value = counters[first]
                never.wait(0)
                counters[first] = value + second
        elif name == "nest":
            low, high = sorted((first, second))
            with locks[low]:
                if low != high or low == 1:
                    with locks[high]:
                        counters[high] += 1
        elif name == "permit":
            with permits[first]:
                with guard:
                    inside[first] += 1
                    most[first] = max(most[first], inside[first])
                never.wait(1e-5)
                with guard:
                    inside[first] -= 1
        elif name == "post":
            with condition:
                mailbox.append(first)
                condition.notify()
        else:
            never.wait(first)

    def work(steps):
        try:
            start.wait(60)
            for each in steps:
                step(*each)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [module.Thread(target=work, args=(steps,), daemon=True) for steps in program]
    for each in threads:
        each.start()
    posts = sum(step[0] == "post" for steps in program for step in steps)
    got = []
    start.wait(60)
    with condition:
        while len(got) < posts:
            assert condition.wait_for(lambda: mailbox or failures, 60) and not failures
            got.append(mailbox.pop())
    for each in threads:
        each.join(60)
    assert not any(each.is_alive() for each in threads) and not failures
    assert most[0] <= 2 and most[1] <= 3
    left = [sum(each.acquire(False) for _ in range(5)) for each in permits]
    free = [each.acquire(False) for each in locks]
    return counters, sorted(got), mailbox, inside, left, free


@FEW
@given(PROGRAM)
def test_programs_of_several_threads_end_as_in_the_stdlib(threading, stock, program):
    assert run(threading, program) == run(stock, program)


@FEW
@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 40),
    st.sampled_from(["Queue", "LifoQueue", "PriorityQueue", "SimpleQueue"]),
)
def test_queues_over_the_subjects_threads_lose_nothing(threading, makers, takers, each, kind):
    channel, got, lock = getattr(queue, kind)(), [], threading.Lock()

    def make(number):
        for item in range(each):
            channel.put((1, number, item))

    def take():
        while (item := channel.get(timeout=60))[0]:
            with lock:
                got.append(item[1:])

    workers = [threading.Thread(target=make, args=(n,), daemon=True) for n in range(makers)]
    readers = [threading.Thread(target=take, daemon=True) for _ in range(takers)]
    for thread in workers + readers:
        thread.start()
    for thread in workers:
        thread.join(60)
    # a priority queue hands out the small ones first, so the end is announced when all is out
    while len(got) < makers * each:
        threading.Event().wait(0.0005)
    for _ in readers:
        channel.put((0,))
    for thread in readers:
        thread.join(60)
    assert not any(thread.is_alive() for thread in workers + readers)
    assert sorted(got) == [(n, item) for n in range(makers) for item in range(each)]


@FEW
@given(st.integers(1, 5), st.integers(1, 12))
def test_barrier_generations_hand_out_every_index_once(threading, stock, parties, generations):
    def play(module):
        barrier, indices = module.Barrier(parties), [[] for _ in range(generations)]

        def work():
            for number in range(generations):
                indices[number].append(barrier.wait(60))
                barrier.wait(60)

        threads = [module.Thread(target=work, daemon=True) for _ in range(parties)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(60)
        return [sorted(each) for each in indices], barrier.n_waiting, barrier.broken

    assert play(threading) == play(stock) == ([list(range(parties))] * generations, 0, False)
