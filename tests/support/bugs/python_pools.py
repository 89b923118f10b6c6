"""Mistakes of Python programs: queues, workers, pools, futures, time."""

from .shared import Guarded, bug, futures, queue, threading


@bug
def pool_that_starves_itself():
    """The one worker has a task that waits for another one, which comes after it."""
    with futures.ThreadPoolExecutor(1) as pool:
        loaded = threading.Event()

        def load():
            pool.submit(loaded.set).result()

        def use():
            pool.submit(loaded.wait).result()

        yield load, use


@bug
def stop_flag_seen_too_late():
    """A worker looks at the flag, and then waits for a job that never comes."""
    stop, jobs, done = Guarded(False), queue.Queue(), []

    def work():
        while not stop.get():
            done.append(jobs.get())

    def end():
        jobs.put(1)
        stop.set(True)

    yield work, end


@bug
def sentinel_not_passed_on():
    """The worker that gets the end passes it on, unless it takes itself for the last one."""
    jobs, workers = queue.Queue(), Guarded(0)

    def work():
        workers.set(workers.get() + 1)
        while jobs.get() is not None:
            pass
        left = workers.get() - 1
        workers.set(left)
        if left:
            jobs.put(None)

    def end():
        jobs.put(None)

    yield work, work, end


@bug
def queue_asked_whether_it_is_empty():
    """Two see that there is a job."""
    jobs, got = queue.Queue(), []
    jobs.put(1)

    def take():
        if not jobs.empty():
            got.append(jobs.get(timeout=1))

    yield take, take


@bug
def queue_asked_whether_it_is_full():
    """Two see that there is room."""
    jobs = queue.Queue(1)

    def put():
        if not jobs.full():
            jobs.put_nowait(1)

    yield put, put


@bug
def task_done_before_the_task():
    """Who waits for a queue's jobs goes on before the last one is done."""
    jobs, done, seen = queue.Queue(), Guarded(0), []

    def work():
        jobs.get()
        jobs.task_done()
        done.set(1)

    def main():
        jobs.put("job")
        jobs.join()
        seen.append(done.get())

    yield work, main
    assert seen == [1]


@bug
def shutdown_against_submit():
    """A pool is shut down between a look and a submit."""
    pool, is_down = futures.ThreadPoolExecutor(1), Guarded(False)

    def submit():
        if not is_down.get():
            pool.submit(int).result()

    def end():
        is_down.set(True)
        pool.shutdown()

    yield submit, end


@bug
def result_overwritten():
    """Two have an answer; a third saw the first one."""
    answer, seen = Guarded(None), []

    def fetch(source):
        if answer.get() is None:
            answer.set(source)

    def first():
        fetch("a")

    def second():
        fetch("b")

    def look():
        seen.append(answer.get())

    yield first, second, look
    assert seen[0] in (None, answer.get())


@bug
def future_answered_twice():
    """Two see that a future has no result, and both set it."""
    future = futures.Future()

    def answer():
        if not future.done():
            future.set_result("answer")

    yield answer, answer


@bug
def done_callback_wants_the_lock():
    """A lock is held while a result is awaited, and the future's callback takes it."""
    lock, future, results = threading.Lock(), futures.Future(), []

    def done(_):
        with lock:
            results.append("called")

    def ask():
        future.add_done_callback(done)
        with lock:
            results.append(future.result())

    def answer():
        future.set_running_or_notify_cancel()
        with lock:
            results.append("computed")
        future.set_result("answer")

    yield answer, ask


@bug
def cancelled_and_begun():
    """A future is cancelled between a look at it and the work."""
    future = futures.Future()

    def work():
        if not future.cancelled():
            future.set_result("answer")

    yield work, future.cancel


@bug
def timeout_and_result_at_once():
    """A result comes when a wait for it ends."""
    future, late = futures.Future(), []

    def wait():
        try:
            future.result(timeout=1)
        except TimeoutError:
            late.append(1)

    def work():
        threading.Event().wait(1)
        future.set_result(None)

    yield work, wait
    assert not late


@bug
def timer_cancelled_too_late():
    """A timer is stopped at the moment at which it fires."""
    fired, stopped, log = Guarded(False), threading.Event(), []

    def timer():
        if not stopped.wait(5):
            log.append(fired.get())

    def finish():
        threading.Event().wait(5)
        fired.set("finished")
        stopped.set()

    yield timer, finish
    assert log != ["finished"], "fired after the end"


@bug
def fork_and_join_counted_by_hand():
    """The last of two says that all is done, if it sees that it is the last."""
    left, done = Guarded(2), threading.Event()

    def work():
        now = left.get() - 1
        left.set(now)
        if now == 0:
            done.set()

    yield work, work, done.wait


@bug
def connections_beyond_the_limit():
    """A pool counts its connections before it opens one, and after."""
    lock, opened, idle = threading.Lock(), Guarded(0), queue.SimpleQueue()

    def connect():
        if opened.get() < 1:
            with lock:
                opened.set(opened.get() + 1)
        else:
            idle.get()
        assert opened.get() == 1
        idle.put("connection")

    yield connect, connect


@bug
def work_handed_to_a_worker_that_leaves():
    """An idle worker gives up at the moment at which a job is left for it."""
    jobs, idle = queue.Queue(), Guarded(1)
    done = threading.Event()

    def worker():
        try:
            jobs.get(timeout=1)
        except queue.Empty:
            idle.set(0)
        else:
            done.set()

    def hand_over():
        threading.Event().wait(1)
        if idle.get():
            jobs.put("job")
            done.wait()

    yield hand_over, worker
