"""Read the committed list of excused tests and hold it to its rules."""

from __future__ import annotations

import tomllib
from pathlib import Path

LIMIT = 2
TAGS = ("3.11", "3.12", "3.13", "3.14", "3.14t", "3.15", "3.15t")


def load(path: Path) -> dict[str, dict[str, str]]:
    """Return {tag: {test id: reason}}; ValueError where the file breaks a rule."""
    with open(path, "rb") as file:
        table = tomllib.load(file)
    if wrong := check(table):
        raise ValueError(f"{path.name}: {'; '.join(wrong)}")
    return table


def check(table: dict) -> list[str]:
    """Return the rules that a waiver table breaks; [] where it keeps all of them."""
    wrong = []
    for tag, entries in table.items():
        if tag not in TAGS:
            wrong.append(f"[{tag}] is no supported version")
        elif not isinstance(entries, dict):
            wrong.append(f"[{tag}] is no table of test = reason")
        else:
            if len(entries) > LIMIT:
                wrong.append(f"[{tag}] waives {len(entries)} tests, {LIMIT} at most")
            for test, why in entries.items():
                if not isinstance(why, str) or len(why.split()) < 3:
                    wrong.append(f"[{tag}] {test}: no reason given")
    return wrong


def unused(entries: dict[str, str], different: set[str], ran: set[str]) -> list[str]:
    """Return the waivers that excuse nothing, of the tests that this run could have judged."""
    return [test for test in entries if test in ran and test not in different]
