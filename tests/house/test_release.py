"""tools/release.py: what is missing before a release is said, each thing by its name."""

import subprocess
import sys

import pytest
from paths import ROOT

sys.path.append(str(ROOT / "tools"))

import release

pytestmark = pytest.mark.raddle_only

FILES = {
    "Cargo.toml": '[workspace.package]\nversion = "1.2.3"\n',
    "Cargo.lock": '[[package]]\nname = "raddle"\nversion = "1.2.3"\n',
    "python/raddle/__init__.py": '__version__ = "1.2.3"\n',
    "CHANGELOG.md": "## 1.2.3 (2027-01-31)\n\n- It says why.\n\n## 1.2.2 (2027-01-01)\n",
    "pyproject.toml": '[project.urls]\nSource = "https://example.org/raddle"\n',
    "crates/raddle/Cargo.toml": '[package]\nrepository = "https://example.org/raddle"\n',
    ".gitignore": "/dist/\n",
}
DIST = [
    "raddle-1.2.3.tar.gz",
    *(f"raddle-1.2.3-{tag[:5]}-{tag}-manylinux_2_17_x86_64.whl" for tag in release.PYTHONS),
]


def git(folder, *arguments):
    names = ("-c", "user.name=Weaver", "-c", "user.email=weaver@example.org")
    subprocess.run(("git", "-C", folder, *names, *arguments), check=True, capture_output=True)


@pytest.fixture
def ready(tmp_path):
    """A repository that could be released."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "dist").mkdir()
    for name in DIST:
        (tmp_path / "dist" / name).touch()
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "All of it")
    return tmp_path


def test_what_is_ready_lacks_nothing(ready):
    assert release.missing(ready) == []
    git(ready, "tag", "v1.2.3")
    assert release.missing(ready) == []


WRONG = {
    "another version in the module": (
        *("python/raddle/__init__.py", "1.2.3", "1.2.2"),
        "python/raddle/__init__.py says 1.2.2, Cargo.toml 1.2.3",
    ),
    "another version in the lock file": (
        *("Cargo.lock", "1.2.3", "1.2.2"),
        "Cargo.lock (raddle) says 1.2.2, Cargo.toml 1.2.3",
    ),
    "a section without a date": (
        *("CHANGELOG.md", "2027-01-31", "unreleased"),
        "CHANGELOG.md has no section `## 1.2.3 (YYYY-MM-DD)`",
    ),
    "an empty section": (
        "CHANGELOG.md",
        "- It says why.",
        "",
        "CHANGELOG.md says nothing of 1.2.3",
    ),
    "no address": (
        *("pyproject.toml", "Source", "Elsewhere"),
        "pyproject.toml names no `Source` in [project.urls]: links lead nowhere",
    ),
    "two addresses": (
        *("crates/raddle/Cargo.toml", "example", "elsewhere"),
        "crates/raddle/Cargo.toml has no `repository = 'https://example.org/raddle'`",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_in_a_file_is_said(ready, name):
    file, old, new, told = WRONG[name]
    path = ready / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    git(ready, "commit", "--quiet", "--all", "--message", name)
    assert release.missing(ready) == [told]


def test_what_is_not_committed_is_named(ready):
    (ready / "notes.txt").touch()
    assert release.missing(ready) == ["not committed:\n    ?? notes.txt"]


def test_a_tag_of_another_commit_is_in_the_way(ready):
    git(ready, "tag", "v1.2.3")
    git(ready, "commit", "--quiet", "--allow-empty", "--message", "Later")
    assert release.missing(ready) == ["v1.2.3 is the tag of another commit already"]


@pytest.mark.parametrize("name", DIST)
def test_each_file_that_is_not_built_is_missed(ready, name):
    (ready / "dist" / name).unlink()
    [told] = release.missing(ready)
    what = "sdist" if name.endswith(".gz") else f"manylinux wheel for {name.split('-')[3]}"
    assert told == f"dist has no {what}: `make wheels`"


def test_what_an_earlier_version_left_is_too_much(ready):
    (ready / "dist" / "raddle-1.2.2.tar.gz").touch()
    assert release.missing(ready) == ["dist holds raddle-1.2.2.tar.gz, which is not of 1.2.3"]


def test_this_repository_has_one_version():
    assert release.versions(ROOT, release.declared(ROOT)) == []
