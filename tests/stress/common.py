"""What the stress tests share: the module under test, their arguments and their one line."""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
import traceback

SUBJECT = os.environ.get("RADDLE_SUBJECT", "raddle")

PRELUDE = {
    "raddle": "from raddle import threading\n",
    "installed": "import raddle; raddle.install(); import threading\n",
    "stdlib": "import threading\n",
}[SUBJECT]

PATIENCE = 120.0  # seconds after which one step counts as hung


def module():
    """Return the `threading` under torture: raddle's, or as RADDLE_SUBJECT says."""
    namespace = {}
    exec(PRELUDE, namespace)
    return namespace["threading"]


class Ledger(dict):
    """Counts of what was done, in the order in which it was first counted."""

    def add(self, name, amount=1):
        self[name] = self.get(name, 0) + amount

    def __str__(self):
        return ", ".join(f"{amount:,} {name}" for name, amount in self.items())


def main(torture):
    """Run `torture(long, chance)` and print its ledger as one line; exit 1 when it fails."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--long", action="store_true", help="minutes instead of seconds")
    parser.add_argument("--seed", type=int, default=None, help="repeat a run's random choices")
    arguments = parser.parse_args()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell's background job ignores it, and so would the programs that a torture starts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    seed = random.SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    start = time.monotonic()
    try:
        ledger = torture(arguments.long, random.Random(seed))
    except AssertionError as error:
        print(f"{error or type(error).__name__} (--seed {seed})", flush=True)
        traceback.print_exc()
        sys.exit(1)
    print(f"{ledger} in {time.monotonic() - start:.1f} s (--seed {seed})")


def joined(threads):
    """Join every thread; complain of one that does not end."""
    limit = time.monotonic() + PATIENCE
    for each in threads:
        each.join(max(0.0, limit - time.monotonic()))
        assert not each.is_alive(), f"{each} did not end within {PATIENCE} s"
