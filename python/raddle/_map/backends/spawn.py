"""The standard library's pool of processes, with what `processes.py` needs of loky's.

Workers are started afresh whatever start method the program has set: a fork would copy locks as
they happen to be. They do not import the program's main module; remote_work.main() does so if
something of it is needed. So for a function that lives elsewhere, nothing has to be written
under `if __name__ == "__main__":`. All of them can be killed, and it is known which have died
by themselves.
"""

from concurrent.futures import process
from multiprocessing import context

from raddle._map.system import here as system

SAYS = "a worker process of the pool ended, or could not be used any more"


class _Process(context.SpawnProcess):
    @staticmethod
    def _Popen(process_obj):
        return system.Popen(process_obj)


class _Context(context.SpawnContext):
    Process = _Process


class _Manager(process._ExecutorManagerThread):
    """Sees the end of a worker: says which have died, kills the others, then fails futures.

    The standard library's does it the other way round, and from 3.12 on under the lock that
    submit() takes: a future's callback that submits would wait for itself.
    """

    def run(self):
        try:
            super().run()
        except Exception as error:  # such as a thread that could not be started
            self.terminate_broken(process.format_exception(error))

    def terminate_broken(self, cause, *more):
        executor = self.executor_reference()
        with self.shutdown_lock:
            if executor is not None:
                executor._broken, executor._shutdown_thread = SAYS, True
        failed = list(self.pending_work_items.values())
        self.pending_work_items.clear()
        workers = list(self.processes.values())
        # A worker's pipe is closed a moment before its exit code is there.
        ended = process.mp.connection.wait([each.sentinel for each in workers], 0)
        dead = [each for each in workers if each.sentinel in ended]
        for each in workers:
            if each not in dead:
                each.kill()
        for each in workers:
            each.join()
        if executor is not None:
            executor.manager = self
            executor.dead = [(each.pid, each.exitcode) for each in dead if not executor.killed]
        del executor
        # Early versions of 3.11 wait for the thread that feeds this pipe, and nobody reads it.
        self.call_queue._reader.close()
        super().terminate_broken(cause, *more)  # no future is left for it to fail
        for each in failed:
            error = process.BrokenProcessPool(SAYS)
            if cause is not None:
                error.__cause__ = RuntimeError("".join(cause))
            each.future.set_exception(error)


class Executor(process.ProcessPoolExecutor):
    """A ProcessPoolExecutor whose workers can be killed."""

    def __init__(self, workers, initializer, initargs):
        super().__init__(workers, _Context(), initializer, initargs)
        self._crew, self._watch = self._processes, None
        self.killed = False  # no worker has died by itself, then

    def submit(self, fn, /, *args):
        count = self._queue_count
        try:
            return super().submit(fn, *args)
        except BaseException:
            if self._queue_count > count:  # It is in the queue, and nobody waits for it.
                self._pending_work_items[count].future.cancel()
            raise

    def _adjust_process_count(self):
        try:
            super()._adjust_process_count()
        except OSError as error:
            # (A TimeoutError of a signal's handler is one, too, and has no number.)
            if error.errno is None or not self._processes:
                raise  # Otherwise work goes on with those that there are.

    def _start_executor_manager_thread(self):
        if self._executor_manager_thread is None:
            self._watch = self._executor_manager_thread = _Manager(self)
            self._watch.start()
            process._threads_wakeups[self._watch] = self._executor_manager_thread_wakeup

    def shutdown(self, wait=True, *, cancel_futures=False, kill_workers=False):
        super().shutdown(wait=False, cancel_futures=cancel_futures or kill_workers)
        if kill_workers:
            self.killed = True
            for each in list(self._crew.values()):
                each.kill()
        watch = self._watch
        if wait and watch is not None and watch is not process.threading.current_thread():
            watch.join()
