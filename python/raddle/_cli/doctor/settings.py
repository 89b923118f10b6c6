"""The environment's variables, and the settings in force: where each comes from."""

import os
import sys

from raddle._cli import pyproject, variables
from raddle._cli.doctor.section import Section


def environment():
    """What the variables that begin with RADDLE mean, and which mean nothing."""
    found = Section("variables")
    found.facts = {"set": []}
    startup = sys.modules.get("raddle._install.startup")
    replaced = {} if startup is None else startup.wrong
    for name, word in {**variables.set_now(), **replaced}.items():
        meaning, why = variables.explain(name, word)
        found.facts["set"].append(
            {"name": name, "value": word, "meaning": meaning, "wrong": why}
        )
        found.say(f"{name}={word}  ({meaning or 'not read'})")
        if why:
            tell = found.problem if meaning else found.note
            tell(why, f"unset {name}")
    if not found.lines:
        found.say("none is set")
    return found


def settings():
    """What `raddle run` would do for a program in this folder, and what says so."""
    found = Section("settings")
    try:
        table = pyproject.read(os.getcwd())
    except pyproject.SettingsError as error:
        found.problem(str(error), f"edit {str(error).partition(':')[0]}")
        table = pyproject.Table()
    except OSError:
        table = pyproject.Table()  # The current folder was removed.
    written = table.variables()
    rows = []
    for key, name, default in (
        ("on-deadlock", "RADDLE_ON_DEADLOCK", "report"),
        ("lock-order", "RADDLE_LOCK_ORDER", "0"),
        ("known-orders", "RADDLE_KNOWN_ORDERS", ""),
        ("race", "RADDLE_RACE", "0"),
        ("known-races", "RADDLE_KNOWN_RACES", ""),
        ("dump", "RADDLE_DUMP", "0"),
    ):
        if os.environ.get(name):
            rows.append((key, os.environ[name], name))
        elif name in written:
            rows.append((key, written[name], table.file))
        else:
            rows.append((key, default, "the default"))
    rows.append(
        ("profile", table.profile(), table.file if "profile" in table else "the default")
    )
    found.facts = {
        "file": table.file,
        "settings": [
            {"name": key, "value": value, "from": source} for key, value, source in rows
        ],
    }
    for key, value, source in rows:
        found.say(f"{key:13}{_shown(key, value)}  ({source})")
    return found


def _shown(key, value):
    if key in ("lock-order", "race", "dump", "profile"):
        words = {"0": "off", "1": "on", False: "off", True: "on"}
        return words.get(value, value)
    return value or "none"
