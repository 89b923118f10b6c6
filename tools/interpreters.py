"""Find the CPython interpreters that tests, conformance and benchmarks run on.

Looked at, in this order: every entry of RADDLE_PYTHONS (executables, or folders that
hold one, separated as PATH is), the interpreter that runs this file, `pythonX.Y[t]`
on PATH, and pyenv's versions folder. Two names of one interpreter count once.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

SUPPORTED = ("3.11", "3.12", "3.13", "3.14", "3.14t", "3.15", "3.15t")

_PROBE = """
import json, sys, sysconfig
print(json.dumps({
    "version": sys.version.split()[0],
    "tag": "%d.%d" % sys.version_info[:2]
           + ("t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""),
    "base": sys.base_prefix,
    "path": sys.executable,
    "implementation": sys.implementation.name,
    "venv": sys.prefix != sys.base_prefix,
}))
"""


@dataclasses.dataclass(frozen=True)
class Interpreter:
    """One CPython: its executable, `tag` ("3.14t") and full version ("3.14.7+")."""

    path: str
    tag: str
    version: str

    @property
    def free_threaded(self) -> bool:
        return self.tag.endswith("t")


@functools.cache
def _probe(path: str) -> dict | None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment.pop("RADDLE", None)
    try:
        done = subprocess.run(
            [path, "-I", "-c", _PROBE], capture_output=True, timeout=60, env=environment
        )
        return json.loads(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def _candidates():
    for entry in filter(None, os.environ.get("RADDLE_PYTHONS", "").split(os.pathsep)):
        if os.path.isdir(entry):
            for folder in (Path(entry, "bin"), Path(entry)):
                yield from sorted(str(p) for p in folder.glob("python3.[0-9][0-9]*"))
        else:
            yield shutil.which(entry) or entry
    base = getattr(sys, "_base_executable", None)
    yield base or sys.executable
    for tag in SUPPORTED:
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            path = os.path.join(folder, f"python{tag}")
            if os.access(path, os.X_OK):
                yield path
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    if root.is_dir():
        yield from sorted(str(p) for p in root.glob("3.*/bin/python3.[0-9][0-9]*"))


def find(only: list[str] | None = None) -> list[Interpreter]:
    """Return one interpreter per supported tag, oldest first; `only` picks tags."""
    found: dict[str, Interpreter] = {}
    for path in _candidates():
        name = os.path.basename(path)
        if name.endswith(("-config", ".py")) or "-gdb" in name:
            continue
        facts = _probe(path)
        if facts is None or facts["implementation"] != "cpython" or facts["venv"]:
            continue
        if facts["tag"] in SUPPORTED and facts["tag"] not in found:
            # (Its own answer: what was asked may be a script that wants a shell, as pyenv's.)
            found[facts["tag"]] = Interpreter(facts["path"], facts["tag"], facts["version"])
    return [found[tag] for tag in SUPPORTED if tag in found and (not only or tag in only)]


def missing(found: list[Interpreter]) -> list[str]:
    """Return the supported tags for which `found` holds no interpreter."""
    present = {interpreter.tag for interpreter in found}
    return [tag for tag in SUPPORTED if tag not in present]


def describe(found: list[Interpreter]) -> str:
    """Say in two lines what was found and what was not."""
    have = ", ".join(f"{i.tag} ({i.version})" for i in found) or "none"
    absent = ", ".join(missing(found)) or "none"
    return (
        f"interpreters found: {have}\n"
        f"not found: {absent} (looked on PATH, in RADDLE_PYTHONS and under pyenv)"
    )


if __name__ == "__main__":
    chosen = find(sys.argv[1:] or None)
    print(describe(chosen))
    for interpreter in chosen:
        print(f"{interpreter.tag:6} {interpreter.path}")
