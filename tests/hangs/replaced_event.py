"""A scheduler that is started twice: the second start() makes a new event, then fails."""

import contextlib
import threading


class Scheduler:
    running = False
    jobs = ()

    def start(self):
        self._wake = threading.Event()
        if self.running:
            raise RuntimeError("already running")
        self.running = True
        self._thread = threading.Thread(target=self._loop, name="scheduler", daemon=True)
        self._thread.start()

    def _loop(self):
        while self.running:
            self._wake.wait(self._pause())
            self._wake.clear()

    def _pause(self):
        up.set()
        return min(self.jobs, default=None)

    def stop(self):
        self.running = False
        self._wake.set()
        self._thread.join()


up = threading.Event()
scheduler = Scheduler()
scheduler.start()
up.wait()
with contextlib.suppress(RuntimeError):
    scheduler.start()
scheduler.stop()
