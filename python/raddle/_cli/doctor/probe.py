"""A fresh interpreter, started as RADDLE=1 would start one: does raddle work in it?

A process of its own: an extension that cannot be loaded may end the one that tries.
"""

import json
import os
import subprocess
import sys

from raddle._cli import arguments
from raddle._cli.doctor.section import package

TIMEOUT = 60  # seconds that it may take
_CODE = """\
import sys
raddle = sys.modules.get("raddle")
print(getattr(raddle, "__file__", ""), flush=True)
if raddle is not None and not raddle.__file__.startswith({root!r}):
    sys.exit(print("null"))  # Another one: this one's modules do not fit.
sys.path.append({root!r})
from raddle._cli.doctor import probe
probe.look()
"""


def run():
    """Return what a fresh interpreter says: a dict.

    "started": the file of the raddle that it started with, or None. "error": why raddle does
    not work in it, or None. "gil": whether it has one, raddle loaded.
    """
    environ = {key: word for key, word in os.environ.items() if not key.startswith("RADDLE_")}
    code = _CODE.format(root=os.path.dirname(package()))
    try:
        done = subprocess.run(
            [sys.executable, *arguments.own(), "-c", code],
            env={**environ, "RADDLE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            text=True,
            errors="backslashreplace",
        )
    except subprocess.TimeoutExpired:
        return {"started": None, "error": f"it hangs: nothing within {TIMEOUT} s", "gil": None}
    except OSError as error:
        return {"started": None, "error": f"no interpreter starts: {error}", "gil": None}
    lines = done.stdout.splitlines()
    started = lines[0] if lines and lines[0] else None
    if done.returncode == 0 and len(lines) > 1:
        return {"started": started, "error": None, "gil": None} | (json.loads(lines[-1]) or {})
    said = done.stderr.strip().splitlines()
    why = said[-1] if said else "it says nothing"
    if done.returncode < 0:
        why = f"signal {-done.returncode} ends it"
    return {"started": started, "error": why, "gil": None}


def look():
    """In the fresh interpreter: try raddle, and print what came of it."""
    print(json.dumps({"error": _try(), "gil": _has_gil()}))


def _try():
    try:
        import raddle

        raddle.install()
        import threading

        done = []
        thread = threading.Thread(target=done.append, args=(1,))
        thread.start()
        thread.join(TIMEOUT / 2)
        if not done or not raddle.installed():
            return "a thread was started and did not run"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _has_gil():
    return getattr(sys, "_is_gil_enabled", lambda: True)()
