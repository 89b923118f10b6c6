"""APScheduler in the background: jobs that fire, some slow, until SIGTERM comes."""

import collections
import signal
import threading
import time

from apscheduler.schedulers.background import BackgroundScheduler

counts = collections.Counter()
lock = threading.Lock()
end = threading.Event()


def fire(name, seconds):
    time.sleep(seconds)
    with lock:
        counts[name] += 1


def add_more(scheduler):
    scheduler.add_job(fire, args=["once", 0])


def main():
    signal.signal(signal.SIGTERM, lambda *_: end.set())
    scheduler = BackgroundScheduler()
    for name, every, lasts in (("quick", 0.05, 0), ("slow", 0.2, 0.1)):
        scheduler.add_job(fire, "interval", seconds=every, args=[name, lasts], max_instances=3)
    scheduler.add_job(add_more, "interval", seconds=0.1, args=[scheduler])
    scheduler.start()
    while min(counts[name] for name in ("quick", "slow", "once")) < 10:
        time.sleep(0.05)
    print("fired", flush=True)
    end.wait()
    scheduler.shutdown()
    print("ended", flush=True)


if __name__ == "__main__":
    main()
