"""A Dask cluster: one that is there, or one on this machine that ends with the pool.

Dask itself runs the tasks of a lost worker again; here is the error when it gives up.
"""

import contextlib
import logging
import os
import pickle
import sys
from concurrent.futures import CancelledError

from raddle._map.backends import at_exit, remote_work
from raddle._map.backends.base import Reply, WorkerLost, missing
from raddle._map.backends.default import Default
from raddle._map.backends.remote import Remote
from raddle._map.short_repr import short
from raddle._map.system import here as system

CONNECT_TIMEOUT = 10.0  # seconds until a scheduler that does not answer counts as unreachable


class Carried:
    """A function that is pickled by value, so that workers need not have its module."""

    def __init__(self, fn):
        import cloudpickle

        module = sys.modules[fn.__module__]
        cloudpickle.register_pickle_by_value(module)
        try:
            self.data = cloudpickle.dumps(fn)
        finally:
            cloudpickle.unregister_pickle_by_value(module)
        self.__name__ = "raddle"

    def __call__(self, *args):
        raise TypeError("made to be called in a Dask worker")

    def __reduce__(self):
        return pickle.loads, (self.data,)


class Dask(Remote):
    """Tasks for a Dask scheduler."""

    name = "dask"

    def __init__(self, backend, workers, initializer=None, initargs=()):
        super().__init__()
        self._client = self._cluster = None
        self._ours = True
        self._closed = False
        if initializer is not None:
            raise ValueError(
                'backend="dask" takes no initializer, since its workers come and go: '
                "register a distributed.WorkerPlugin with the client"
            )
        try:
            import distributed
        except ImportError as error:
            raise missing(error, "cluster", self.name) from error
        self._run = Carried(remote_work.run)
        try:
            if backend == "dask":
                self._cluster = _cluster(int(workers))
                self._client = distributed.Client(self._cluster, set_as_default=False)
                self._client.wait_for_workers(int(workers), timeout=60)
            elif isinstance(backend, str):
                self._client = _connect(distributed, backend)
            else:
                self._client, self._ours = backend, False
                if backend.status != "running":
                    raise ConnectionError(f"{backend!r} is {backend.status}, not running")
        except BaseException:
            self.abort()
            raise
        self.workers = self._size(workers, backend)
        self._executor = self._client.get_executor(pure=False)
        at_exit.watch(self, self.name)

    def _size(self, workers, backend):
        threads = sum(self._client.nthreads().values())
        if backend == "dask" or isinstance(workers, Default):
            return max(1, threads) if backend != "dask" else int(workers)
        return int(workers)

    def deliver(self, message, function, data, time_slice):
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        return self._executor.submit(self._run, function, data, time_slice)

    def lost(self, message, error):
        import distributed

        if isinstance(error, CancelledError):
            where = (
                self._client.scheduler.address if self._client.scheduler else "the scheduler"
            )
            raise WorkerLost(f"the connection to Dask at {where} was lost") from error
        if _was_overtaken(error):
            return Reply([])  # it was done, and its result went with its worker
        if not isinstance(error, distributed.scheduler.KilledWorker):
            raise error
        if len(message.inputs) > 1:
            return Reply([], split=True)  # one of them is to blame
        if message.first is not None and not message.alone:
            # Dask blames whatever was on those workers: let it be the only one of this map.
            return Reply([], alone=True)
        args = message.inputs[0]
        shown = short(args[0] if len(args) == 1 else args)
        where = f"input {message.first}, {shown}" if message.first is not None else shown
        lost = WorkerLost(f"Dask workers died while they did {where}: {error}")
        lost.__cause__ = error
        return Reply([(lost, None)])

    def shutdown(self, wait=True, cancel=False):
        self._closed = True
        if cancel:
            self._cancel()
        if wait:
            from concurrent.futures import wait as settle

            settle(list(self._flying))
            self._leave()

    def abort(self, wait=True):
        self._closed = True
        if self._client is not None:
            self._cancel()
        self._leave()

    def _cancel(self):
        for future in list(self._flying):
            future.cancel()

    def _leave(self):
        if not self._ours:
            return
        client, self._client = self._client, None
        cluster, self._cluster = self._cluster, None
        if cluster is not None:
            # Messages about closed connections are not shown.
            for name in ("batched", "comm.tcp", "core", "scheduler"):
                logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)
        for each in (client, cluster):
            if each is not None:
                with contextlib.suppress(Exception):  # it is gone, or going
                    each.close(timeout=2)

    def __del__(self):
        if self._cluster is not None:
            with contextlib.suppress(Exception):
                self._leave()


def _connect(distributed, address):
    tcp = "tcp://" + address.removeprefix("dask://").rstrip("/")
    host, _, port = tcp.removeprefix("tcp://").rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"{address!r} is no address: write 'dask://host:port'")
    try:
        return distributed.Client(tcp, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise ConnectionError(
            f"no Dask scheduler answers at {address}: is it running there? "
            f"(`dask scheduler` starts one) {error}"
        ) from error


def _cluster(workers):
    """Start a scheduler in this process and worker processes that end with it.

    distributed.LocalCluster would import the program's main module in each worker, and so run
    a script that has no `if __name__ == "__main__"` over and over.
    """
    import asyncio
    import json
    import subprocess

    from distributed import Scheduler
    from distributed.deploy.spec import ProcessInterface, SpecCluster

    class Worker(ProcessInterface):
        def __init__(self, scheduler, name=None, **options):
            self._command = [sys.executable, "-m", "dask", "spec", scheduler]
            nanny = {"cls": "distributed.Nanny", "opts": options}
            self._command += ["--spec", json.dumps(nanny)]
            self._process = None
            super().__init__(scheduler, name)

        async def start(self):
            # (asyncio has processes, too, but not in every loop of Windows.)
            self._process = subprocess.Popen(
                self._command,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                **system.own_group(),  # Ctrl-C in a terminal is for us alone
            )
            await super().start()

        async def close(self):
            process, self._process = self._process, None
            if process is not None and process.poll() is None:
                # All at once: one that sees another go would log that.
                with contextlib.suppress(ProcessLookupError):
                    system.kill_group(process.pid)
                while process.poll() is None:
                    await asyncio.sleep(0.005)
            await super().close()

    options = {"host": "127.0.0.1", "nthreads": 1, "dashboard": False, "silence_logs": 50}
    worker = {"cls": Worker, "options": options}
    return SpecCluster(
        workers=dict.fromkeys(range(workers), worker),
        scheduler={
            "cls": Scheduler,
            "options": {
                "host": "127.0.0.1",
                "port": 0,
                "dashboard": False,
                "dashboard_address": "127.0.0.1:0",  # or it takes 8787, and warns if it cannot
            },
        },
        worker=worker,
        name="raddle",
        silence_logs=50,
    )


def _was_overtaken(error):
    """Return whether distributed lost a result between taking it and looking at its state.

    It then takes the result for the three parts of an error, and fails to unpack it.
    """
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = place and place.tb_frame.f_globals.get("__name__")
    return isinstance(error, ValueError) and where == "distributed.cfexecutor"
