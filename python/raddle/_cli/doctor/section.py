"""One thing that the doctor has looked at: facts, problems, and what repairs them."""

import os
import shutil
import sys

import raddle


class Section:
    """What was found about one thing.

    `facts` is for programs (JSON), `lines` for people. `problems` is what is broken, `notes`
    what is worth knowing: pairs of a sentence and the command that helps, or None.
    """

    def __init__(self, name):
        self.name = name
        self.facts = {}
        self.lines = []
        self.problems = []
        self.notes = []

    def say(self, text):
        """Add a line for people."""
        self.lines.append(text)

    def problem(self, what, cure=None):
        """Add what is broken."""
        self.problems.append((what, cure))

    def note(self, what, cure=None):
        """Add what is worth knowing."""
        self.notes.append((what, cure))


def python():
    """Return how this interpreter is called on a command line: "python", or its path."""
    for name in ("python", "python3"):
        if sys.executable and shutil.which(name) == sys.executable:
            return name
    return sys.executable or "python"


def pip(*words):
    """Return the command that installs something into this interpreter's environment."""
    from importlib.util import find_spec

    rest = " ".join(f"'{word}'" if set(word) & set("[]<>=") else word for word in words)
    if find_spec("pip") is None and shutil.which("uv"):
        return f"uv pip install --python {python()} {rest}"
    return f"{python()} -m pip install {rest}"


def package():
    """Return the folder that has the package `raddle`."""
    return os.path.dirname(os.path.abspath(raddle.__file__))
