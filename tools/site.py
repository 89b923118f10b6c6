"""Build the docs site: target/site, from docs/, README.md, CHANGELOG.md and the figures.

    python tools/site.py          # what `make docs-site` runs, in an environment of its own

Pages are taken as they are, and docs/*.md by their names: a new one appears by itself. In the
copy that Sphinx reads, a link to a file that is no page leads to the repository (see links.py).
"""

import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import links

ROOT = Path(__file__).parents[1]
SITE = ROOT / "docs" / "site"
HTML = ROOT / "target" / "site"
TARGET = ROOT / "target" / "site-made"  # what lies between
SOURCE = TARGET / "source"

# In this order; whatever else is in docs/ comes after the second group.
FIRST = ("tutorial", "guide")
TASKS = ("backends", "groups", "patterns", "hangs", "order", "races", "contention", "tools")
LAST = ("differences", "limits", "benchmarks")
REFERENCE = ("raddle", "threading", "queue", "futures", "sync")


def pages():
    """Return where each page of the site comes from: file by name."""
    found = {file.stem: file for file in sorted((ROOT / "docs").glob("*.md"))}
    found |= {f"reference/{file.stem}": file for file in sorted(SITE.glob("reference/*.md"))}
    found["index"] = ROOT / "README.md"
    found["results"] = ROOT / "benchmarks" / "results" / "README.md"
    found["changelog"] = ROOT / "CHANGELOG.md"
    return found


def contents(names):
    """Return the site's table of contents, which ends its first page."""
    known = [name for name in (*FIRST, *TASKS, *LAST) if name in names]
    others = [name for name in names if "/" not in name and name not in (*known, "index")]
    others = [name for name in others if name not in ("results", "changelog")]
    groups = {
        "Begin": [name for name in FIRST if name in names],
        "Use": [*(name for name in TASKS if name in names), *others],
        "Reference": [f"reference/{name}" for name in REFERENCE],
        "Facts": [*(name for name in LAST if name in names), "results", "changelog"],
    }
    return "".join(
        "\n```{toctree}\n:hidden:\n:caption: " + caption + "\n\n" + "\n".join(group) + "\n```\n"
        for caption, group in groups.items()
    )


def stage():
    """Copy the pages and their pictures to where Sphinx reads them."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    files = pages()
    names = {file: name for name, file in files.items()}
    for name, file in files.items():
        target = SOURCE / f"{name}.md"
        target.parent.mkdir(parents=True, exist_ok=True)

        def moved(path, file=file, target=target):
            """Return where a link of this page leads on the site; None if to no page."""
            found = Path(os.path.normpath(file.parent / path))
            if SITE in file.parents or not found.exists():
                return (
                    path  # It is written for where it is; or Sphinx is to say that it is wrong.
                )
            if found.is_dir():
                found /= "README.md"
            if found in names:
                place = SOURCE / f"{names[found]}.md"
            elif found.suffix == ".svg" and found.exists():
                place = SOURCE / "pictures" / found.name
                place.parent.mkdir(exist_ok=True)
                shutil.copy(found, place)
            else:
                return None
            return os.path.relpath(place, target.parent)

        text = links.rewritten(file.read_text(), file.relative_to(ROOT).parent, moved)
        target.write_text(text + (contents(list(files)) if name == "index" else ""))


def pack():
    """Write the inventory of docs.python.org as Sphinx reads it; return its path."""
    lines = (SITE / "python.txt").read_text().splitlines(keepends=True)
    head = "# Sphinx inventory version 2\n# Project: Python\n# Version: 3\n"
    head += "# The remainder of this file is compressed using zlib.\n"
    text = "".join(line for line in lines if not line.startswith("#"))
    path = TARGET / "python.inv"
    path.write_bytes(head.encode() + zlib.compress(text.encode()))
    return path


def main():
    stage()
    shutil.rmtree(HTML, ignore_errors=True)
    options = ["--builder=html", "--fail-on-warning", "--keep-going", "--nitpicky", "--quiet"]
    folders = ["-c", str(SITE), "-d", str(TARGET / "doctrees"), str(SOURCE), str(HTML)]
    env = os.environ | {"RADDLE_SITE_PYTHON": str(pack()), "RADDLE": "0"}
    done = subprocess.run([sys.executable, "-m", "sphinx", *options, *folders], env=env)
    if done.returncode == 0:
        print(f"The site is {(HTML / 'index.html').relative_to(ROOT)}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
