"""Programs with a mistake that shows now and then: each function fails under some schedule.

What they are modelled on is said in each; they are written from descriptions.
"""

from raddle import futures, queue, sync, threading

BUGS = []


def bug(fn):
    BUGS.append(fn)
    return fn


def together(*calls):
    """Run these in threads, to their ends."""
    threads = [threading.Thread(target=each, name=each.__name__) for each in calls]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


class Guarded:
    """A value whose reads and writes are guarded one by one."""

    def __init__(self, value):
        self.lock, self._value = threading.Lock(), value

    def get(self):
        with self.lock:
            return self._value

    def set(self, value):
        with self.lock:
            self._value = value


@bug
def lost_update():
    total = Guarded(0)

    def add():
        total.set(total.get() + 1)

    together(add, add)
    assert total.get() == 2


@bug
def check_then_act_in_a_cache():
    cache, lock, made = {}, threading.Lock(), []

    def get():
        with lock:
            known = "key" in cache
        if not known:
            with lock:
                made.append(1)
                cache["key"] = object()

    together(get, get)
    assert len(made) == 1


@bug
def singleton_made_twice():
    holder, made = Guarded(None), []

    def instance():
        if holder.get() is None:
            made.append(1)
            holder.set(object())

    together(instance, instance, instance)
    assert len(made) == 1


@bug
def locks_in_two_orders():
    one, other = threading.Lock(), threading.Lock()

    def transfer(first, second):
        with first, second:
            pass

    together(lambda: transfer(one, other), lambda: transfer(other, one))


@bug
def three_philosophers():
    forks = [threading.Lock() for _ in range(3)]

    def eat(at):
        with forks[at], forks[(at + 1) % 3]:
            pass

    together(*(lambda at=at: eat(at) for at in range(3)))


@bug
def lost_notification():
    condition, ready = threading.Condition(), []

    def wait():
        if not ready:
            with condition:
                condition.wait()

    def tell():
        ready.append(1)
        with condition:
            condition.notify()

    together(wait, tell)


@bug
def waits_once_instead_of_in_a_loop():
    condition, items = threading.Condition(), []

    def take():
        with condition:
            if not items:
                condition.wait()
            items.pop()

    def put():
        with condition:
            items.append(1)
            condition.notify_all()

    together(take, take, put, put)


@bug
def notifies_one_of_two_kinds():
    condition, room, items = threading.Condition(), 1, []

    def put():
        with condition:
            while len(items) >= room:
                condition.wait()
            items.append(1)
            condition.notify()

    def get():
        with condition:
            while not items:
                condition.wait()
            items.pop()
            condition.notify()

    together(put, put, get, get)


@bug
def event_cleared_too_early():
    event, seen = threading.Event(), []

    def wait():
        event.wait()
        seen.append(event.is_set())

    def pulse():
        event.set()
        event.clear()

    together(wait, pulse)
    assert seen == [True]


@bug
def semaphore_not_given_back_after_an_error():
    permits, done = threading.Semaphore(1), []

    def use(number):
        permits.acquire()
        if number == 1 and done:
            return  # An error on the way: the permit is gone.
        done.append(number)
        permits.release()

    together(lambda: use(1), lambda: use(2), lambda: use(3))


@bug
def pool_that_waits_for_itself():
    with futures.ThreadPoolExecutor(2) as pool:
        gate = threading.Barrier(2)

        def outer():
            gate.wait()
            return pool.submit(int).result()

        for each in [pool.submit(outer) for _ in range(2)]:
            each.result()


@bug
def closed_while_in_use():
    is_open, lock = Guarded(True), threading.Lock()

    def use():
        if is_open.get():
            with lock:
                assert is_open.get(), "used after it was closed"

    together(use, lambda: is_open.set(False))


@bug
def iterator_shared_by_two():
    left, lock, seen = list(range(3)), threading.Lock(), []

    def work():
        while True:
            with lock:
                if not left:
                    return
            with lock:
                seen.append(left.pop())

    together(work, work)
    assert sorted(seen) == [0, 1, 2]


@bug
def counted_down_once_too_often():
    latch, left = sync.Latch(2), Guarded(2)

    def done():
        left.set(left.get() - 1)
        if left.get() == 0:
            latch.count_down()
            latch.count_down()

    together(done, done)
    assert latch.is_open()


@bug
def reads_a_balance_twice():
    one, other = Guarded(10), Guarded(0)
    sums = []

    def move():
        one.set(one.get() - 5)
        other.set(other.get() + 5)

    def audit():
        sums.append(one.get() + other.get())

    together(move, audit)
    assert sums == [10]


@bug
def stop_flag_seen_too_late():
    stop, jobs, done = Guarded(False), queue.Queue(), []

    def work():
        while not stop.get():
            done.append(jobs.get())

    def end():
        jobs.put(1)
        stop.set(True)

    together(work, end)


@bug
def sentinel_for_one_of_two_workers():
    jobs = queue.Queue()

    def work():
        while jobs.get() is not None:
            pass

    together(work, work, lambda: jobs.put(None))


@bug
def queue_asked_whether_it_is_empty():
    jobs, got = queue.Queue(), []
    jobs.put(1)

    def take():
        if not jobs.empty():
            got.append(jobs.get(timeout=1))

    together(take, take)


@bug
def queue_asked_whether_it_is_full():
    jobs = queue.Queue(1)

    def put():
        if not jobs.full():
            jobs.put_nowait(1)

    together(put, put)


@bug
def double_start():
    started, lock, starts = Guarded(False), threading.Lock(), []

    def start():
        if not started.get():
            started.set(True)
            with lock:
                starts.append(threading.current_thread().name)

    together(start, start)
    assert len(starts) == 1


@bug
def callback_under_a_lock():
    lock, other = threading.Lock(), threading.Lock()

    def publish():
        with lock, other:  # the callback
            pass

    def subscribe():
        with other, lock:
            pass

    together(publish, subscribe)


@bug
def shutdown_against_submit():
    pool, is_down = futures.ThreadPoolExecutor(1), Guarded(False)

    def submit():
        if not is_down.get():
            pool.submit(int).result()

    def end():
        is_down.set(True)
        pool.shutdown()

    together(submit, end)


@bug
def barrier_reset_under_waiters():
    barrier = threading.Barrier(2)

    def wait():
        barrier.wait()

    together(wait, wait, barrier.reset)


@bug
def upgrade_of_a_read():
    value, lock = [0], sync.RWLock()

    def add():
        with lock.read():
            seen = value[0]
        with lock.write():
            value[0] = seen + 1

    together(add, add)
    assert value == [2]


@bug
def compare_without_exchange():
    count = sync.AtomicInt(0)

    def add_up_to_one():
        if count.get() < 1:
            count.add(1)

    together(add_up_to_one, add_up_to_one)
    assert count.get() == 1


@bug
def result_overwritten():
    answer = Guarded(None)

    def fetch(source):
        if answer.get() is None:
            answer.set(source)

    seen = []
    together(lambda: fetch("a"), lambda: fetch("b"), lambda: seen.append(answer.get()))
    assert seen[0] in (None, answer.get())


@bug
def timeout_and_result_at_once():
    future, late = futures.Future(), []

    def wait():
        try:
            future.result(timeout=1)
        except TimeoutError:
            late.append(1)

    def work():
        threading.Event().wait(1)
        future.set_result(None)

    together(wait, work)
    assert not late


@bug
def fork_and_join_counted_by_hand():
    left, done = Guarded(2), threading.Event()

    def work():
        now = left.get() - 1
        left.set(now)
        if now == 0:
            done.set()

    together(work, work)
    done.wait()
