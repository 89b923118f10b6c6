"""The checklist before a release, and the release: a tag, which `wheels.yml` then publishes.

    python tools/release.py --dry-run       # says what is missing, and what it would do

Looked at: one version everywhere; CHANGELOG.md has a dated section for it; the addresses of the
project agree; nothing is uncommitted; `dist` holds what `make wheels` made and checked, for
this version and every interpreter that wheels are for. Exit code: 1 if anything is missing.
Without `--dry-run` it makes the tag and pushes it, and asks before.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("cp311", "cp312", "cp313", "cp314", "cp314t")
DATED = re.compile(r"^## (\S+) \((\d{4}-\d\d-\d\d)\)\n(.*?)(?=^## |\Z)", re.M | re.S)


def git(root: Path, *arguments: str) -> str:
    """Return what git prints; nothing where it fails."""
    command = ("git", "-C", str(root), *arguments)
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def declared(root: Path) -> str:
    """Return the version that the workspace declares."""
    return tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def versions(root: Path, version: str) -> list[str]:
    """Return where another version than the workspace's stands."""
    found = {}
    for each in tomllib.loads((root / "Cargo.lock").read_text())["package"]:
        if each["name"].startswith("raddle"):
            found[f"Cargo.lock ({each['name']})"] = each["version"]
    module = (root / "python/raddle/__init__.py").read_text()
    found["python/raddle/__init__.py"] = re.search(r'^__version__ = "(.*)"$', module, re.M)[1]
    return [
        f"{place} says {other}, Cargo.toml {version}"
        for place, other in found.items()
        if other != version
    ]


def changelog(root: Path, version: str) -> list[str]:
    """Return what is wrong with the changelog's section for a version."""
    sections = {
        each[1]: each[3] for each in DATED.finditer((root / "CHANGELOG.md").read_text())
    }
    if version not in sections:
        return [f"CHANGELOG.md has no section `## {version} (YYYY-MM-DD)`"]
    return [] if sections[version].strip() else [f"CHANGELOG.md says nothing of {version}"]


def addresses(root: Path) -> list[str]:
    """Return what is wrong with the addresses that the two packages name."""
    source = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    source = source.get("urls", {}).get("Source")
    crate = tomllib.loads((root / "crates/raddle/Cargo.toml").read_text())["package"]
    if source is None:
        return ["pyproject.toml names no `Source` in [project.urls]: links lead nowhere"]
    if crate.get("repository") != source:
        return [f"crates/raddle/Cargo.toml has no `repository = {source!r}`"]
    return []


def tree(root: Path, version: str) -> list[str]:
    """Return what speaks against a tag on the commit at hand."""
    wrong = []
    if changed := git(root, "status", "--porcelain"):
        wrong.append("not committed:\n" + "\n".join(f"    {x}" for x in changed.splitlines()))
    tagged = git(root, "rev-parse", "--verify", "--quiet", f"v{version}^{{commit}}")
    if tagged and tagged != git(root, "rev-parse", "HEAD"):
        wrong.append(f"v{version} is the tag of another commit already")
    return wrong


def wheels(root: Path, version: str) -> list[str]:
    """Return what is missing in `dist`, and what is too much."""
    there = {path.name for path in (root / "dist").glob("*") if path.is_file()}
    wrong = [
        f"dist holds {name}, which is not of {version}"
        for name in sorted(there)
        if not name.startswith((f"raddle-{version}-", f"raddle-{version}.tar"))
    ]
    if f"raddle-{version}.tar.gz" not in there:
        wrong.append("dist has no sdist: `make wheels`")
    for tag in PYTHONS:
        wheel = f"raddle-{version}-{tag[:5]}-{tag}-manylinux"
        if not any(name.startswith(wheel) for name in there):
            wrong.append(f"dist has no manylinux wheel for {tag}: `make wheels`")
    return wrong


def missing(root: Path) -> list[str]:
    """Return all that has to be done before the version that is declared can be released."""
    version = declared(root)
    return [
        *versions(root, version),
        *changelog(root, version),
        *addresses(root),
        *tree(root, version),
        *wheels(root, version),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    dry = parser.parse_args().dry_run
    version = declared(ROOT)
    steps = [
        ("git", "tag", "--annotate", f"v{version}", "--message", f"raddle {version}"),
        ("git", "push", "origin", f"v{version}"),
    ]
    wrong = missing(ROOT)
    print(f"raddle {version}:", "not ready" if wrong else "ready")
    for line in wrong:
        print(f"  - {line}")
    print("Then this would be done:" if wrong or dry else "Now this is done:")
    for step in steps:
        print(f"  {' '.join(step)}")
    print("The tag has .github/workflows/wheels.yml build, check, sign and publish all of it.")
    if not wrong and not dry:
        if input("Go on? [y/N] ").strip().lower() != "y":
            return 1
        for step in steps:
            subprocess.run(step, cwd=ROOT, check=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
