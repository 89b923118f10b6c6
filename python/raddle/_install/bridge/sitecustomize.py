"""Starts raddle where its .pth file is not read (see pth.py), and leaves no trace on sys.path.

Then it runs the sitecustomize that the interpreter would have found without this one. If there
is none, it raises ImportError, which the interpreter expects then.
"""

import os
import sys


def _start():
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != here]
    if os.environ.get("RADDLE", "0").lower() in ("", "0", "false", "no", "off"):
        return
    root = os.path.dirname(os.path.dirname(os.path.dirname(here)))
    missing = root not in sys.path
    if missing:
        sys.path.append(root)
    try:
        __import__("raddle._install.startup")
    finally:
        if missing:
            sys.path.remove(root)


if __name__ == "sitecustomize":  # not where tools import all modules of a package
    _start()
    del sys.modules[__name__]
    __import__(__name__)
