"""A number is changed after notify; the waiter reads it without the lock."""

import threading

cond, ready, out = threading.Condition(), threading.Semaphore(0), []
phase = 0


def f():
    for _ in range(3):
        cond.acquire()
        ready.release()
        cond.wait()
        cond.release()
        out.append((phase, 1))
        done.release()


done = threading.Semaphore(0)
t = threading.Thread(target=f)
t.start()
for n in range(3):
    ready.acquire()
    with cond:
        cond.notify()
        phase = n + 1
    done.acquire()
t.join()
print(out)
print("end")
