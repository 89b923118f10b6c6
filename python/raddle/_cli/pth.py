"""Whether an interpreter that is started now starts with raddle, and what helps if it does not.

`raddle_startup.pth` does it where the interpreter reads such files: in its own site-packages,
in the user's, and in what one of their .pth files names (as `uv run --with` does). In a folder
that only PYTHONPATH names (`pip install --target`) it is not read. There `raddle run` puts the
folder `bridge` on PYTHONPATH, whose sitecustomize.py does the same.
"""

import os
import subprocess
import sys

from raddle._cli import arguments

NAME = "raddle_startup.pth"
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BRIDGE = os.path.join(_PACKAGE, "_install", "bridge")
TIMEOUT = 60  # seconds that an interpreter may take to start
_STARTED = "raddle starts"
_ASK = f"import sys\nif 'raddle' in sys.modules: print({_STARTED!r})"


def site_folders(letters=()):
    """Return the folders whose .pth files an interpreter reads that has these options."""
    import site

    folders = list(site.getsitepackages())
    if site.ENABLE_USER_SITE and not {"s", "I"}.intersection(letters):
        folders.append(site.getusersitepackages())
    return folders


def found(folders):
    """Return which of the folders' files start raddle."""
    paths = (os.path.join(folder, NAME) for folder in folders)
    return [path for path in paths if os.path.exists(path)]


def is_in_force(options):
    """Return whether an interpreter with these options starts with raddle."""
    if found(site_folders(arguments.letters(options))):
        return True
    # A .pth file in one of these folders may name further ones: only the interpreter knows.
    done = subprocess.run(
        [sys.executable, *options, "-c", _ASK],
        env={**os.environ, "RADDLE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=TIMEOUT,
    )
    return done.stdout.strip() == _STARTED.encode()


def refusal(options):
    """Return why no interpreter with these options can start with raddle; None if one can."""
    letters = arguments.letters(options)
    for letter in ("I", "E"):
        if letter in letters:
            return (
                f"-{letter} leaves out {where()}, where raddle is. Leave out -{letter}, or "
                f"install raddle into an environment:\n  {environment()}"
            )
    return None


def where():
    """Return the folder that has the package, as it is reached."""
    import site

    folder = os.path.dirname(_PACKAGE)
    user = site.ENABLE_USER_SITE and os.path.realpath(folder) == os.path.realpath(
        site.getusersitepackages()
    )
    return f"the user's site-packages ({folder})" if user else f"PYTHONPATH ({folder})"


def environment():
    """Return the command line that makes an environment with raddle in it."""
    return f"{sys.executable} -m venv .venv && .venv/bin/python -m pip install raddle"


def build_bridge():
    """Have the interpreters that are started from now on start with raddle, by PYTHONPATH."""
    paths = os.environ.get("PYTHONPATH", "")
    if BRIDGE not in paths.split(os.pathsep):
        # (An empty folder among others is the current one: what is there stays as it is.)
        os.environ["PYTHONPATH"] = f"{BRIDGE}{os.pathsep}{paths}" if paths else BRIDGE
