"""Write tools/constraints.txt: the exact versions of what checks and tests install.

    python tools/constraints.py

asks pip, for each interpreter found, which versions it would install today, and installs
nothing. One line for a version that all of them take; a marker where they differ. Interpreters
that are not found keep the lines that they had, so that any machine can renew its share.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import interpreters

ROOT = Path(__file__).parents[1]
TARGET = Path(__file__).with_name("constraints.txt")
TOOLS = ["nox>=2024.4", "ruff>=0.6"]  # what the Makefile installs
# What `make docs-site` installs: what builds the site, and what looks at it in a browser.
SITE = ["sphinx>=8.2", "myst-parser>=4", "furo>=2024.8", "pytest>=8", "selenium>=4.25"]
# What raddle gets along with; none of them is built.
OTHERS = ["gevent", "eventlet", "trio", "anyio"]
# What `make lint` needs besides, and what `make wheels` and `make hooks` do.
LINT = ["typos>=1.30", "check-jsonschema>=0.33", "zizmor>=1.20"]
WHEELS = ["maturin[zig]", "auditwheel>=6", "twine>=6", "check-wheel-contents>=0.6"]
HOOKS = ["pre-commit>=4"]
HEAD = """\
# What checks and tests install, so that what passes today passes next year.
# Made by `make constraints`, which is how it is renewed.
"""


def wanted() -> list[list[str]]:
    """Return what is installed, in groups: one that cannot be had spoils no other."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = settings["project"]["optional-dependencies"]
    own = LINT + WHEELS + HOOKS
    own += [each for each in extras["test"] if not each.startswith("raddle")]
    groups = [TOOLS + settings["build-system"]["requires"] + own]
    groups.append(SITE)
    return groups + [extras[name] for name in ("processes", "cluster", "progress")]


def resolve(python: str, requirements: list[str]) -> dict[str, str] | None:
    """Return the version of everything that pip would install; None if it cannot."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = (
            *(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--dry-run", "--ignore-installed", "--report", str(report), *requirements),
        )
        free = {k: v for k, v in os.environ.items() if not k.endswith("_CONSTRAINT")}
        if subprocess.run(command, env=free).returncode:
            return None
        found = json.loads(report.read_text())["install"]
    return {
        each["metadata"]["name"].lower().replace("_", "-"): each["metadata"]["version"]
        for each in found
    }


def resolved(found: interpreters.Interpreter) -> dict[str, str]:
    """Return the versions for one interpreter, all groups together where that can be."""
    with tempfile.TemporaryDirectory() as home:
        subprocess.run([found.path, "-m", "venv", home], check=True)
        python = str(Path(home, "bin", "python"))
        groups = wanted()
        versions = resolve(python, [each for group in groups for each in group])
        if versions is not None:
            groups = []
        elif (versions := resolve(python, groups[0])) is None:
            sys.exit(f"what the tests need cannot be had for {found.tag}")
        for group in groups[1:]:
            versions = (resolve(python, group) or {}) | versions
        for other in OTHERS:
            versions = (resolve(python, ["--only-binary=:all:", other]) or {}) | versions
        return versions


def merged(by_version: dict[str, dict[str, str]]) -> str:
    """Return the lines for what each version of Python takes."""
    lines = []
    for name in sorted({name for versions in by_version.values() for name in versions}):
        taken = {
            tag: versions[name] for tag, versions in by_version.items() if name in versions
        }
        if len(set(taken.values())) == 1 and len(taken) == len(by_version):
            lines.append(f"{name}=={next(iter(taken.values()))}")
            continue
        for tag, version in taken.items():
            lines.append(f'{name}=={version}; python_version == "{tag}"')
    return HEAD + "\n".join(lines) + "\n"


def previous() -> dict[str, dict[str, str]]:
    """Return what the file says for each version of Python that it knows."""
    by_version: dict[str, dict[str, str]] = {}
    everywhere = {}
    for line in TARGET.read_text().splitlines() if TARGET.exists() else ():
        if line.startswith("# For "):
            by_version |= {tag: {} for tag in line.split()[2:]}
        elif line and not line.startswith("#"):
            pin, _, marker = line.partition("; ")
            name, version = pin.split("==")
            if marker:
                by_version[marker.split('"')[1]][name] = version
            else:
                everywhere[name] = version
    return {tag: everywhere | versions for tag, versions in by_version.items()}


def main() -> None:
    by_version = previous()
    for found in interpreters.find(os.environ.get("RADDLE_ONLY", "").split() or None):
        # A marker cannot tell free-threaded builds apart: the newest line counts for both.
        tag = found.tag.rstrip("t")
        print(f"resolving for {found.tag}", flush=True)
        versions = resolved(found)
        known = by_version.get(tag, {}) if found.free_threaded else {}
        by_version[tag] = known | versions
    tags = sorted(by_version, key=lambda tag: int(tag.partition(".")[2]))
    text = merged({tag: by_version[tag] for tag in tags})
    TARGET.write_text(text.replace(HEAD, f"{HEAD}# For {' '.join(tags)}\n"))
    print(f"wrote {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
