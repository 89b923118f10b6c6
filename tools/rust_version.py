"""Check that the Rust version that Cargo.toml declares is the one that is true.

Clippy's `incompatible_msrv` (an error, see Cargo.toml) finds what a later standard library has.
Here: every page names the declared version, and no dependency needs a later one. What neither
can see, a later language feature, needs the declared compiler itself: `make msrv`.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "CONTRIBUTING.md", "docs/guide.md")
NAMED = re.compile(r"Rust\s+(\d+\.\d+)\s+or\s+later")


def declared():
    """Return the version that the workspace declares."""
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text())
    return manifest["workspace"]["package"]["rust-version"]


def number(version):
    """Return a version as numbers that compare."""
    return tuple(map(int, version.split(".")))[:2]


def wrong_pages(version, pages):
    """Yield what is wrong with pages, given as (name, text)."""
    for name, text in pages:
        if (named := NAMED.findall(text)) != [version]:
            yield f"{name} names {named or 'no Rust version'}, Cargo.toml declares {version}"


def wrong_packages(version, packages):
    """Yield what is wrong with packages, given as `cargo metadata` does."""
    for each in packages:
        needed = each["rust_version"]
        if needed is not None and number(needed) > number(version):
            yield f"{each['name']} {each['version']} needs Rust {needed}, not {version}"


def main():
    version = declared()
    command = ["cargo", "metadata", "--format-version=1", "--locked"]
    metadata = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    wrong = [
        *wrong_pages(version, ((name, (ROOT / name).read_text()) for name in PAGES)),
        *wrong_packages(version, json.loads(metadata)["packages"]),
    ]
    sys.exit("\n".join(wrong) or None)


if __name__ == "__main__":
    main()
