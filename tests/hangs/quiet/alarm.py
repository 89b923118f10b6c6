"""A signal handler sets the event for which the only thread waits."""

import signal
import threading

rung = threading.Event()
signal.signal(signal.SIGALRM, lambda *_: rung.set())
signal.setitimer(signal.ITIMER_REAL, 2.5)
rung.wait()
print("end")
