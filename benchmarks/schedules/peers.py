"""Where a tool is installed, and what runs it."""

from __future__ import annotations

import subprocess
from pathlib import Path

PINNED = Path(__file__).with_name("peers.txt")

# Each tool of another project: its package, and whether a seed changes what it does.
PEERS = {
    "frontrun": ("frontrun", False),
    "frontrun random": ("frontrun", True),
    "interleave-test": ("interleave-test", True),
    "interleave-test pct": ("interleave-test", True),
    "interleave-test dfs": ("interleave-test", False),
}


def is_seeded(tool: str) -> bool:
    return PEERS.get(tool, (None, True))[1]


def installed(python: str, home: Path) -> str:
    """Return an interpreter that has the peers; it is in an environment of its own.

    Raises CalledProcessError where they cannot be installed.
    """
    own, done = home / "bin" / "python", home / "installed"
    if not done.exists():
        subprocess.run((python, "-m", "venv", str(home)), check=True, timeout=300)
        pip = (str(own), "-m", "pip", "--quiet", "--disable-pip-version-check")
        asked = (*pip, "install", "--only-binary=:all:", "--requirement", str(PINNED))
        subprocess.run(asked, check=True, timeout=300)
        done.touch()
    return str(own)


def command(tool: str, python: str, peers: str) -> tuple[str, ...]:
    """Return what runs a Python program for a tool."""
    if tool not in PEERS:
        return (python,)
    if PEERS[tool][0] == "frontrun":
        return (str(Path(peers).with_name("frontrun")), peers)
    return (peers,)
