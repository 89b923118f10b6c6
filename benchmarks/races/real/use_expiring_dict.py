"""A dict whose entries expire in the background, filled by two threads and read by one."""

import contextlib

import drive
from expiring_dict import ExpiringDict

PACKAGE = "expiring_dict"

sessions = ExpiringDict(ttl=60)


def log_in(first):
    for number in range(first, first + 100):
        sessions[f"user {number}"] = number


def look():
    for number in range(100):
        sessions.get(f"user {number}")
        with contextlib.suppress(RuntimeError):
            sum(1 for _ in sessions)


drive.together(lambda: log_in(0), lambda: log_in(100), look)
