"""Build what is published, the sdist and a wheel for each interpreter found, and check it.

    python tools/wheels.py [--out dist] [--check]

1. The sdist is made from the files that git tracks, and from nothing else.
2. It is unpacked elsewhere, and every wheel is built from it: what builds the wheels is what
   others build from. zig links them, for any Linux with glibc 2.17; where the C library is
   musl, the system's own linker does.
3. Each is looked at by auditwheel, twine and check-wheel-contents, for its size, for line
   tables, and for paths of the machine that built it.
4. Each is installed into a fresh environment with nothing on PATH, no compiler above all, and
   has to do what `tools/smoke.py` asks; then raddle's tests of its exits run there.

Exit code: 0 when all is right, 1 with what is wrong otherwise.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

import interpreters
import links

ROOT = Path(__file__).parents[1]
WORK = ROOT / "target" / "wheels"  # kept: the next build finds what this one has compiled
CARGO = os.environ.get("CARGO_HOME", Path.home() / ".cargo")
BIN = Path(sys.executable).parent  # where maturin and the checkers are
HOOK = "raddle/_install/pyinstaller/hook-raddle.py"  # so called by PyInstaller
MOST = 3_000_000  # bytes of a wheel
TESTS = (
    "tests/process/test_exit_guards.py",
    "tests/process/test_exit.py",
)  # of what a linker can spoil


class Wrong(Exception):
    """What is not as it has to be."""


def run(*command: object, **options) -> str:
    """Run a command and return what it prints; raises Wrong with that if it fails."""
    options = {"cwd": ROOT, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | options
    done = subprocess.run(list(map(str, command)), text=True, **options)
    if done.returncode:
        raise Wrong(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def sdist(out: Path) -> Path:
    """Make the sdist from what git tracks; return its file."""
    stage = WORK / "stage"
    shutil.rmtree(stage, ignore_errors=True)
    for name in filter(None, run("git", "ls-files", "-z").split("\0")):
        if (ROOT / name).is_file():
            (stage / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, stage / name)
    readme = stage / "README.md"  # which is the page that the index shows
    readme.write_text(links.rewritten(readme.read_text(), Path()))
    run(BIN / "maturin", "sdist", "--out", out, cwd=stage)
    [made] = out.glob("raddle-*.tar.gz")
    return made


def build(source: Path, found: list[interpreters.Interpreter], out: Path) -> None:
    """Build a wheel for each interpreter from the unpacked sdist `source`."""
    flags = [
        os.environ.get("RUSTFLAGS", ""),
        *(f"--remap-path-prefix={source}=raddle", f"--remap-path-prefix={CARGO}=cargo"),
    ]
    env = os.environ | {
        "CARGO_TARGET_DIR": str(WORK / "build"),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",  # maturin looks for zig there
        "RUSTFLAGS": " ".join(flags).strip(),
    }
    glibc = platform.libc_ver()[0] == "glibc"
    how = ("--zig", "--compatibility", "manylinux2014") if glibc else ("--auditwheel=repair",)
    pythons = [part for each in found for part in ("--interpreter", each.path)]
    command = (BIN / "maturin", "build", "--release", "--locked", *how, *pythons)
    run(*command, "--out", out, cwd=source, env=env)


def examine(wheel: Path) -> str:
    """Check a wheel's file; return what there is to say of it."""
    size = wheel.stat().st_size
    if size > MOST:
        raise Wrong(f"{wheel.name} has {size} bytes, more than {MOST}")
    told = " ".join(run(BIN / "auditwheel", "show", wheel).split())
    tag = re.search(r'platform tag: "(\w+)"', told)
    if tag is None or tag[1] not in wheel.name:
        raise Wrong(f"{wheel.name} is not what it calls itself: {told}")
    run(BIN / "twine", "check", "--strict", wheel)
    # (W004, modules that cannot be imported: PyInstaller wants such a name. See below.)
    run(BIN / "check-wheel-contents", "--ignore", "W004", wheel)
    with zipfile.ZipFile(wheel) as archive:
        modules = [each for each in archive.namelist() if each.endswith(".py")]
        hooks = [each for each in modules if "-" in Path(each).name]
        if hooks != [HOOK]:
            raise Wrong(f"{wheel.name} has modules that cannot be imported: {hooks}")
        [name] = [
            each for each in archive.namelist() if re.match(r"raddle/_raddle.*\.so$", each)
        ]
        extension = archive.read(name)
    if b".debug_line\0" not in extension:
        raise Wrong(f"{name} has no line tables")
    # (What zig compiles of its own, two functions of the C library, has where they lie.)
    if path := re.search(rb"/[^\0]*/crates/raddle|%b/[^\0]*" % str(CARGO).encode(), extension):
        raise Wrong(f"{name} names a folder of this machine: {path[0].decode()}")
    return f"{size / 1e6:.2f} MB, {tag[1]}"


def install(wheel: Path, found: interpreters.Interpreter) -> str:
    """Try a wheel in a fresh environment without a compiler; return what the tests say."""
    with tempfile.TemporaryDirectory() as folder:
        home, nothing = Path(folder, "environment"), Path(folder, "nothing")
        nothing.mkdir()
        env = {"PATH": str(nothing), "HOME": folder}
        python = home / "bin" / "python"
        run(found.path, "-m", "venv", home, env=env)
        pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
        run(*pip, "--no-index", "--no-deps", wheel, env=env, cwd=folder)
        run(python, ROOT / "tools" / "smoke.py", env=env, cwd=folder)
        constraints = ROOT / "tools" / "constraints.txt"
        run(*pip, "-c", constraints, "pytest>=8", "hypothesis>=6.100")
        told = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS)
        return told.strip().splitlines()[-1]


def make(out: Path, found: list[interpreters.Interpreter]) -> None:
    """Make the sdist, and from it a wheel for each interpreter."""
    out.mkdir(parents=True, exist_ok=True)
    for old in (*out.glob("raddle-*.whl"), *out.glob("raddle-*.tar.gz")):
        old.unlink()
    archive = sdist(out)
    source = WORK / "source"
    shutil.rmtree(source, ignore_errors=True)
    with tarfile.open(archive) as tar:
        # (As new files: in the archive all have one old date, by which cargo would take them
        # for those of the build before.)
        now = time.time()
        tar.extractall(
            source, filter=lambda *each: tarfile.data_filter(*each).replace(mtime=now)
        )
    [unpacked] = source.iterdir()
    print(f"building {len(found)} wheels from {archive.name}", flush=True)
    build(unpacked, found, out)


def check(out: Path, found: list[interpreters.Interpreter]) -> None:
    """Check the sdist, and the wheel for each interpreter."""
    [archive] = out.glob("raddle-*.tar.gz")
    run(BIN / "twine", "check", "--strict", archive)
    print(f"{archive.name}: {archive.stat().st_size / 1e6:.2f} MB", flush=True)
    for each in found:
        number = each.tag.replace(".", "")
        [wheel] = out.glob(f"raddle-*-cp{number.rstrip('t')}-cp{number}-*.whl")
        print(f"{wheel.name}: {examine(wheel)}", flush=True)
        print(f"    installed without a compiler: {install(wheel, each)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where they go")
    parser.add_argument("--check", action="store_true", help="only check what is there")
    options = parser.parse_args()
    found = interpreters.find(os.environ.get("RADDLE_ONLY", "").split() or None)
    print(interpreters.describe(found), flush=True)
    absent = set(os.environ.get("RADDLE_ONLY", "").split()) - {each.tag for each in found}
    if absent or not found:
        sys.exit(f"WRONG: not found: {' '.join(sorted(absent)) or 'any interpreter'}")
    try:
        if not options.check:
            make(options.out.absolute(), found)
        check(options.out.absolute(), found)
    except Wrong as wrong:
        sys.exit(f"WRONG: {wrong}")


if __name__ == "__main__":
    main()
