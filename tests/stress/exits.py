"""Interpreters that end while daemon threads run, block and come and go: all exit clean."""

import subprocess
import sys
from pathlib import Path

from common import PATIENCE, PRELUDE, SUBJECT, Ledger, main

sys.path.append(str(Path(__file__).parents[1] / "support"))
import daemons

BODIES = {
    "running": [
        "while True: pass",
        "while True: sum(range(100))",
        "while True: threading.Event().wait(0)",
        "while True:\n  with shared: pass",
        "while True:\n  with rlock, rlock: pass",
        "while True:\n  with semaphore: pass",
        "while True:\n  with condition: condition.notify_all(), condition.wait(0)",
        "while True: event.set(), event.wait(), event.clear()",
        "while True:\n  try: barrier.wait(0)\n  except RuntimeError: barrier.reset()",
    ],
    "blocked": [
        "held.acquire()",
        "held.acquire(timeout=3600)",
        "with held: pass",
        "never.wait()",
        "never.wait(3600)",
        "threading.Semaphore(0).acquire()",
        "c = threading.Condition(); c.acquire(); c.wait()",
        "c = threading.Condition(); c.acquire(); c.wait(3600)",
        "threading.Barrier(2).wait()",
        "threading.main_thread().join()",
        "try: held.acquire()\n finally: print('unwound', flush=True)",
    ],
    "waking": [
        "while True: never.wait(0.0001)",
        "while True: held.acquire(timeout=0.0001)",
        "while True: threading.Semaphore(0).acquire(timeout=0.0001)",
        "c = threading.Condition()\n while True:\n  with c: c.wait(0.0001)",
    ],
    "starting": [
        "while begin(): pass",
        "while begin(): begun[-1].join()",
    ],
}

PROGRAM = """
held, shared, rlock = threading.Lock(), threading.Lock(), threading.RLock()
held.acquire()
never, event, condition = threading.Event(), threading.Event(), threading.Condition()
semaphore, running = threading.Semaphore(1), threading.Semaphore(0)
barrier = threading.Barrier(2)
begun = []
def begin():
    begun[:-8] = []
    t = threading.Thread(target=int, daemon=True)
    try:
        t.start()
    except RuntimeError:
        return False  # refused at exit, as it should be
    begun.append(t)
    return True
def work():
 running.release()
 {body}
for _ in range({threads}):
    threading.Thread(target=work, daemon=True).start()
for _ in range({threads}):
    running.acquire()
threading.Event().wait({pause})
print("end", flush=True)
"""


def begin(text):
    return subprocess.Popen(
        [sys.executable, "-c", text],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process, body):
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"hung at exit: {body!r}: {out!r} {err!r}") from None
    assert (process.returncode, out, err) == (0, "end\n", ""), (
        f"{body!r}: exit code {process.returncode}, {out!r}, {err!r}"
    )


def programs(repeats, chance):
    """Yield the kind, the body and the text of each program, `repeats` times."""
    for kind, bodies in BODIES.items():
        if (kind, SUBJECT) == ("starting", "stdlib"):
            continue  # the stdlib's start can hang here before 3.12
        for body in bodies * (repeats + 1):
            threads = chance.choice([1, 4, 16])
            pause = chance.choice([0, 0, chance.random() * 0.01])
            yield kind, body, PRELUDE + PROGRAM.format(body=body, threads=threads, pause=pause)
    for name in list(daemons.BODIES) * repeats:
        yield "inside", name, daemons.program(name)


def torture(long, chance):
    ledger = Ledger({"exits": 0} | dict.fromkeys([*BODIES, "inside"], 0))
    everything = list(programs(75 if long else 2, chance))  # 10,000 and more, or 300
    chance.shuffle(everything)
    waiting = []  # two at a time keep both cores of a small machine busy
    for kind, body, text in everything:
        waiting.append((begin(text), body))
        ledger.add("exits")
        ledger.add(kind)
        if len(waiting) == 2:
            finish(*waiting.pop(0))
    for each in waiting:
        finish(*each)
    return ledger


if __name__ == "__main__":
    main(torture)
