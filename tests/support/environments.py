"""Environments into which raddle is installed in one way or another, without pip."""

import subprocess
import sys
from pathlib import Path

import raddle
from paths import ROOT
from programs import environment, run

PACKAGE = Path(raddle.__file__).parent
PTH = ROOT / "raddle.data" / "purelib" / "raddle_startup.pth"


def put(folder, pth=True):
    """Put raddle into a folder, as pip does; `pth`: its .pth file as well."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "raddle").symlink_to(PACKAGE)
    if pth:
        (folder / PTH.name).write_text(PTH.read_text())
    return folder


class Environment:
    """A virtual environment with nothing in it."""

    def __init__(self, home, *options):
        self.home = home
        command = [sys.executable, "-m", "venv", "--without-pip", *options, home]
        subprocess.run(command, check=True, env=environment())
        self.python = home / "bin" / "python"
        (self.site,) = home.glob("lib/python*/site-packages")

    def run(self, *arguments, cwd=None, **env):
        """Run its interpreter."""
        return run(self.python, *arguments, cwd=cwd or self.home, env=environment(**env))

    def raddle(self, *arguments, cwd=None, **env):
        """Run its `raddle`."""
        return self.run("-m", "raddle", *arguments, cwd=cwd, **env)

    def user_site(self, base):
        """Return its user's site-packages, with PYTHONUSERBASE=base."""
        code = "import site; print(site.getusersitepackages())"
        return Path(self.run("-c", code, PYTHONUSERBASE=str(base)).stdout.strip())


def has_startup():
    """Return whether this interpreter itself starts with raddle."""
    code = "import sys; print('raddle' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(RADDLE="1"),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout == "True\n"
