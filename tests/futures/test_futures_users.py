"""What reaches into concurrent.futures: asyncio, subclasses, Dask, joblib."""

import asyncio
import importlib.util
import itertools
import sys
import threading as _threading
import weakref
from concurrent.futures import thread as _thread

import pytest

SOON = 60  # seconds: a deadline that only a hang reaches


def needs(*modules):
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


# asyncio.


def test_a_loop_runs_calls_in_an_executor(futures):
    async def main(executor):
        loop = asyncio.get_running_loop()
        calls = [loop.run_in_executor(executor, pow, number, 2) for number in range(200)]
        assert await asyncio.gather(*calls) == [number * number for number in range(200)]
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(executor, divmod, 1, 0)

    with futures.ThreadPoolExecutor(3) as executor:
        asyncio.run(main(executor))


def test_cancelling_in_the_loop_cancels_a_call_that_has_not_begun(futures, threading):
    go, made = threading.Event(), []

    async def main(executor):
        loop = asyncio.get_running_loop()
        first = loop.run_in_executor(executor, go.wait, SOON)
        second = loop.run_in_executor(executor, made.append, "second")
        second.cancel()
        await asyncio.sleep(0)  # The loop tells the executor's future only now.
        with pytest.raises(asyncio.CancelledError):
            await second
        go.set()
        assert await first is True

    with futures.ThreadPoolExecutor(1) as executor:
        asyncio.run(main(executor))
    assert made == []


def test_an_executor_can_be_a_loops_default(futures):
    executor = futures.ThreadPoolExecutor(2, thread_name_prefix="mine")

    async def main():
        asyncio.get_running_loop().set_default_executor(executor)
        name = await asyncio.to_thread(lambda: _threading.current_thread().name)
        assert name.startswith("mine_")

    asyncio.run(main())
    assert executor._shutdown, "by the end of run()"
    assert not any(thread.is_alive() for thread in executor._threads)


def test_a_loop_has_a_default_executor_of_the_subjects(futures_child, subject):
    code = """
        import asyncio, contextvars
        variable = contextvars.ContextVar("variable")
        async def main():
            variable.set(7)
            assert await asyncio.to_thread(variable.get) == 7
            executor = asyncio.get_running_loop()._default_executor
            print(type(executor) is futures.ThreadPoolExecutor)
        asyncio.run(main())
        """
    assert futures_child(code).stdout == f"{subject != 'raddle'}\n"


# Subclasses.


def test_a_subclass_may_wrap_submit(futures):
    class Counting(futures.ThreadPoolExecutor):
        count = 0

        def submit(self, fn, /, *args, **kwargs):
            self.count += 1
            return super().submit(fn, *args, **kwargs)

    with Counting(2) as executor:
        assert executor.submit(dict, a=1).result(SOON) == {"a": 1}
        assert list(executor.map(abs, [-1, -2])) == [1, 2]
    assert executor.count == 3


def test_submit_may_be_replaced_on_the_class_as_tracers_do(futures, monkeypatch):
    plain, seen = futures.ThreadPoolExecutor.submit, []

    def traced(self, fn, *args, **kwargs):
        seen.append(fn)
        return plain(self, lambda: fn(*args, **kwargs))

    monkeypatch.setattr(futures.ThreadPoolExecutor, "submit", traced)
    with futures.ThreadPoolExecutor(2) as executor:
        assert executor.submit(pow, 2, 3).result(SOON) == 8
        assert list(executor.map(abs, [-1])) == [1]
    assert seen == [pow, abs]


def test_workers_are_threads_of_the_module_that_programs_patch(futures, threading, monkeypatch):
    plain, ran = threading.Thread.run, []

    def run(thread):
        ran.append(thread)
        plain(thread)

    monkeypatch.setattr(threading.Thread, "run", run)
    with futures.ThreadPoolExecutor(1) as executor:
        executor.submit(int).result(SOON)
        assert ran == list(executor._threads)
        assert type(ran[0]) is threading.Thread


def daemons(futures):
    """A subclass whose workers are daemons, made as programs do: after the stdlib's code."""

    class Daemons(futures.ThreadPoolExecutor):
        def _adjust_thread_count(self):
            if self._idle_semaphore.acquire(timeout=0):
                return
            queue = self._work_queue

            def gone(_, queue=queue):
                queue.put(None)

            if len(self._threads) < self._max_workers:
                if hasattr(_thread, "WorkerContext"):
                    rest = (self._create_worker_context(), queue)
                else:
                    rest = (queue, self._initializer, self._initargs)
                worker = _threading.Thread(
                    target=_thread._worker, args=(weakref.ref(self, gone), *rest), daemon=True
                )
                worker.start()
                self._threads.add(worker)

    return Daemons


def test_a_subclass_may_start_workers_of_the_stdlibs(futures, spawn, until):
    started = []
    executor = daemons(futures)(3, initializer=started.append, initargs=(1,))
    calls = [executor.submit(pow, number, 2) for number in range(300)]
    assert [call.result(SOON) for call in calls] == [number**2 for number in range(300)]
    assert 1 <= len(executor._threads) <= 3 and len(started) <= 3
    with pytest.raises(ZeroDivisionError):
        executor.submit(divmod, 1, 0).result(SOON)
    assert all(thread.daemon for thread in executor._threads)
    executor.shutdown()
    assert not any(thread.is_alive() for thread in executor._threads)


def test_a_subclass_may_work_the_queue_off_itself(futures, threading):
    queue_of, seen = threading.local(), []

    def work(executor, queue):
        queue_of.queue = queue
        while True:
            task = queue.get()
            if task is None:
                queue.put(None)
                return
            seen.append((task.future, task.fn if hasattr(task, "fn") else task.task[0]))
            task.run() if not hasattr(executor, "_create_worker_context") else task.run(
                executor._create_worker_context()
            )
            del task

    class Own(futures.ThreadPoolExecutor):
        def _adjust_thread_count(self):
            if len(self._threads) < self._max_workers:
                worker = threading.Thread(target=work, args=(self, self._work_queue))
                self._threads.add(worker)
                worker.start()

    executor = Own(2)
    calls = [executor.submit(pow, 2, exp=number) for number in range(20)]
    assert [call.result(SOON) for call in calls] == [2**number for number in range(20)]
    assert {future for future, _ in seen} == set(calls) and {fn for _, fn in seen} == {pow}
    executor.shutdown()
    with pytest.raises(RuntimeError):
        executor.submit(int)
    assert not any(thread.is_alive() for thread in executor._threads)


def test_the_queue_of_an_executor_is_a_queue(futures, threading, spawn, asleep, until):
    import queue

    executor, go = futures.ThreadPoolExecutor(1), threading.Event()
    executor.submit(go.wait, SOON)
    work = executor._work_queue
    calls = [executor.submit(int) for _ in range(3)]
    until(lambda: work.qsize() <= 3)
    assert not work.empty()
    taken = work.get_nowait()
    taken.run() if not hasattr(executor, "_create_worker_context") else taken.run(
        executor._create_worker_context()
    )
    assert calls[0].result(0) == 0
    go.set()
    assert [call.result(SOON) for call in calls] == [0] * 3
    executor.shutdown()
    while work.qsize():  # What is there tells workers to end.
        assert work.get(timeout=SOON) is None
    for wait in ({"block": False}, {"timeout": 0.01}, {"timeout": 0}):
        with pytest.raises(queue.Empty):
            work.get(**wait)
    with pytest.raises(queue.Empty):
        work.get_nowait()
    getter = spawn(work.get)
    asleep(getter)  # It waits, and does not spin, though the executor is shut down.
    work.put("something")
    assert getter.result() == "something"


def test_a_future_that_is_cancelled_by_hand_calls_its_callbacks_once(futures):
    class Cancellable(futures.Future):
        """Can be cancelled while it runs, as in libraries whose workers are processes."""

        def cancel(self):
            with self._condition:
                if self._state == "FINISHED":
                    return False
                if self._state in ("CANCELLED", "CANCELLED_AND_NOTIFIED"):
                    return True
                self._state = "CANCELLED"
                self._condition.notify_all()
            self._invoke_callbacks()
            return True

    future, calls = Cancellable(), []
    future.set_running_or_notify_cancel()
    future.add_done_callback(calls.append)
    assert future.cancel() and future.cancel() and future.cancelled()
    assert calls == [future]
    assert future.set_running_or_notify_cancel() is False
    assert calls == [future]
    with pytest.raises(futures.CancelledError):
        future.result()


def test_a_subclass_may_call_the_callbacks_in_its_own_way(futures):
    class Own(futures.Future):
        """As that of loky, which goes on after whatever a callback raises."""

        def _invoke_callbacks(self):
            seen.append((self._state, list(self._done_callbacks)))
            super()._invoke_callbacks()

    def end(future, how):
        if how == "cancel":
            assert future.cancel()
        else:
            getattr(future, how)(ValueError("an outcome"))

    states = {"set_result": "FINISHED", "set_exception": "FINISHED", "cancel": "CANCELLED"}
    for how, opened, count in itertools.product(states, (False, True), (0, 1)):
        seen, calls, future = [], [], Own()
        if opened:
            assert future._condition is not None
        for _ in range(count):
            future.add_done_callback(calls.append)
        end(future, how)
        assert [(state, len(callbacks)) for state, callbacks in seen] == [(states[how], count)]
        assert calls == [future] * count
        if how != "cancel":  # which nobody has noticed
            assert futures.wait([future], 60).done == {future}


# Other executors of the standard library.


def test_a_process_pool_gives_futures_that_all_functions_take(futures_child):
    code = """
        if __name__ == "__main__":
            import multiprocessing
            context = multiprocessing.get_context("forkserver")
            with futures.ProcessPoolExecutor(2, mp_context=context) as executor:
                calls = [executor.submit(pow, 2, number) for number in range(20)]
                assert len(futures.wait(calls, 60).done) == 20
                assert {f.result() for f in futures.as_completed(calls, 60)} >= {1, 1024}
                assert list(executor.map(abs, range(-20, 0), chunksize=5))[0] == 20
                failed = executor.submit(divmod, 1, 0)
                assert type(failed.exception(60)) is ZeroDivisionError
            print("fine")
        """
    assert futures_child(code).stdout == "fine\n"


@pytest.mark.skipif(sys.version_info < (3, 14), reason="there are no interpreter pools")
def test_an_interpreter_pool_works_as_it_does_without_raddle(futures_child):
    code = """
        def fail():
            raise ValueError("no")
        with futures.InterpreterPoolExecutor(2) as executor:
            calls = [executor.submit(pow, 2, number) for number in range(20)]
            assert [call.result(60) for call in calls][-1] == 2 ** 19
            assert list(executor.map(abs, range(-50, 0)))[0] == 50
            assert type(executor.submit(divmod, 1, 0).exception(60)).__name__ in (
                "ZeroDivisionError", "ExecutionFailed")
            assert len(futures.wait(calls, 60).done) == 20
        broken = futures.InterpreterPoolExecutor(1, initializer=divmod, initargs=(1, 0))
        import logging
        logging.disable()
        call = broken.submit(abs, 1)
        assert isinstance(call.exception(60), futures.BrokenExecutor)
        broken.shutdown()
        print("fine")
        """
    assert futures_child(code).stdout == "fine\n"


# Libraries.


@needs("distributed")
def test_dasks_executor_works_with_seceding_and_rejoining_calls(futures_child):
    code = """
        from distributed.threadpoolexecutor import ThreadPoolExecutor, rejoin, secede
        import threading as plain
        executor = ThreadPoolExecutor(2, thread_name_prefix="dask")
        print(isinstance(executor.submit(int), futures.Future) or "not installed")
        assert [executor.submit(pow, 2, n).result(60) for n in range(50)][-1] == 2 ** 49
        def outer(depth):
            if depth == 0:
                return 1
            secede()
            value = executor.submit(outer, depth - 1).result(60)
            rejoin()
            return value + 1
        assert executor.submit(outer, 10).result(60) == 11
        waited = futures.wait([executor.submit(abs, n) for n in range(100)], 60)
        assert not waited.not_done
        executor.shutdown()
        print("fine")
        """
    assert futures_child(code).stdout in ("True\nfine\n", "not installed\nfine\n")


@needs("joblib")
@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_joblib_runs_its_jobs(futures_child, backend):
    code = f"""
        import joblib
        jobs = (joblib.delayed(pow)(2, n) for n in range(60))
        print(sum(joblib.Parallel(2, backend={backend!r})(jobs)) == 2 ** 60 - 1)
        """
    assert futures_child(code).stdout == "True\n"


@needs("loky")
def test_lokys_executor_gives_futures_that_all_functions_take(futures_child):
    code = """
        import loky
        executor = loky.get_reusable_executor(2)
        calls = [executor.submit(pow, 2, n) for n in range(30)]
        assert not futures.wait(calls, 60).not_done
        assert len(list(futures.as_completed(calls, 60))) == 30
        assert list(executor.map(abs, range(-9, 0)))[0] == 9
        seen = []
        call = executor.submit(divmod, 1, 0)
        call.add_done_callback(seen.append)
        assert type(call.exception(60)) is ZeroDivisionError
        executor.shutdown()
        print(seen == [call])
        """
    assert futures_child(code).stdout == "True\n"
