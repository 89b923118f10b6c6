"""Ctrl-C about the moment at which a hang is reported: none is lost, each report is whole."""

import concurrent.futures
import os
import signal
import subprocess
import sys
import time

from common import PATIENCE, SUBJECT, Ledger, main

AT_ONCE = 8  # programs: nearly all of their time is waiting
HANGS = {
    "lock": "lock = threading.Lock(); lock.acquire(); say(); lock.acquire()",
    "event": "event = threading.Event(); say(); event.wait()",
    "condition": "c = threading.Condition(); c.acquire(); say(); c.wait()",
    "queue": "import queue; items = queue.Queue(); say(); items.get()",
    "thread": (
        "t = threading.Thread(target=threading.Event().wait, daemon=True); t.start(); say(); "
        "t.join()"
    ),
    "future": "from concurrent.futures import Future; f = Future(); say(); f.result()",
}
PROGRAM = "import threading\nsay = lambda: print('ready', flush=True)\n{}\n"
OWN = [f"{os.sep}raddle{os.sep}{name}.py" for name in ("report", "stack", "deadlock", "words")]


def hang(kind, after):
    """Run a program that hangs, with a Ctrl-C so many seconds into it; return how it ended."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RADDLE")}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(HANGS[kind])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, "RADDLE": "1"},
    )
    try:
        process.stdout.readline()
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        return process.communicate(timeout=PATIENCE)[1], process.returncode
    except subprocess.TimeoutExpired:
        raise AssertionError(f"lost: {kind}, {after:.4f} s into the hang") from None
    finally:
        process.kill()


def check(kind, after):
    """Do so, and return whether the report had come before the end."""
    err, code = hang(kind, after)
    seen = f"{kind}, {after:.4f} s into the hang: exit code {code}, {err!r}"
    told, raised = err.count("raddle: "), err.find("Traceback")
    assert code == -signal.SIGINT and err.endswith("KeyboardInterrupt\n") and raised >= 0, seen
    assert not any(name in err for name in OWN), seen
    assert told <= 1 and (not told or err.index("raddle: ") < raised), seen
    return bool(told)


def torture(long, chance):
    ledger = Ledger({"interrupts": 0, "after a report": 0})
    if SUBJECT != "stdlib":
        kinds = [each for _ in range(170 if long else 4) for each in HANGS]
        moments = [0.98 + 0.1 * chance.random() for _ in kinds]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for told in pool.map(check, kinds, moments):
                ledger.add("interrupts")
                ledger.add("after a report", told)
    return ledger


if __name__ == "__main__":
    main(torture)
