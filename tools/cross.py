"""Build and test the crate for systems that this is not.

    python tools/cross.py windows    builds its tests with mingw and runs them under Wine
    python tools/cross.py macos      checks that it compiles for macOS, arm64 and x86-64
    python tools/cross.py arm        builds its tests for Linux on arm64, runs them under qemu
    python tools/cross.py musl       builds its tests for Linux with musl, and runs them

Several may be named. Each says which programs it needs if they are not there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "target" / "cross"

WINDOWS = "x86_64-pc-windows-gnu"
MACOS = ("aarch64-apple-darwin", "x86_64-apple-darwin")
ARM = "aarch64-unknown-linux-gnu"
MUSL = "x86_64-unknown-linux-musl"

# The features of the crate, and the tests that are about them.
FEATURES = {
    "": ["--lib", "--tests"],
    "race": ["--lib", "--test", "order", "--test", "race"],
    "explore": ["--lib", "--test", "explore"],
}

# Rust's standard library takes random bytes from this function. Wine has it since 8.4.
RANDOM = """
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) {
    return RtlGenRandom(data, (ULONG)size);
}
"""


def run(*command, **env):
    subprocess.run(list(map(str, command)), cwd=ROOT, check=True, env={**os.environ, **env})


def need(what, *programs):
    """Leave, and say what is missing, unless all these programs are there."""
    missing = [each for each in programs if shutil.which(each) is None]
    if missing:
        sys.exit(f"{what} needs {', '.join(missing)}, which PATH does not have: {NEEDED[what]}")


NEEDED = {
    "windows": "Debian's packages gcc-mingw-w64-x86-64, wine and wine64",
    "arm": "Debian's packages gcc-aarch64-linux-gnu and qemu-user",
    "macos": "rustup",
    "musl": "rustup",
}


def target(name):
    """Have Rust's standard library for a target."""
    run("rustup", "target", "add", name)


def cargo(command, name, *arguments, **env):
    env["CARGO_TARGET_DIR"] = str(HOME)
    run("cargo", command, "--quiet", "-p", "raddle", "--target", name, *arguments, **env)


def test(name, **env):
    for features, tests in FEATURES.items():
        asked = ["--features", features] if features else []
        print(f"== {name} {features}", flush=True)
        cargo("test", name, "--no-fail-fast", *asked, *tests, **env)


def variable(name, word):
    return f"CARGO_TARGET_{name.upper().replace('-', '_')}_{word}"


def windows():
    need("windows", "rustup", "x86_64-w64-mingw32-gcc", "wine")
    target(WINDOWS)
    prefix = HOME / "wine"
    env = {
        "WINEPREFIX": str(prefix),
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "mscoree,mshtml=",
    }
    system = prefix / "drive_c" / "windows" / "system32"
    if not system.is_dir():
        HOME.mkdir(parents=True, exist_ok=True)
        run("wine", "wineboot", "--init", **env)
    library = system / "bcryptprimitives.dll"
    if not library.exists():
        source = HOME / "random.c"
        source.write_text(RANDOM)
        run("x86_64-w64-mingw32-gcc", "-shared", "-o", library, source, "-ladvapi32")
    test(WINDOWS, **env, **{variable(WINDOWS, "RUNNER"): "wine"})


def macos():
    need("macos", "rustup")
    for each in MACOS:
        target(each)
        print(f"== {each}", flush=True)
        cargo("check", each, "--tests", "--examples", "--features", "race")
        cargo("check", each, "--tests", "--features", "explore")


def arm():
    need("arm", "rustup", "aarch64-linux-gnu-gcc", "qemu-aarch64")
    target(ARM)
    env = {variable(ARM, "LINKER"): "aarch64-linux-gnu-gcc"}
    env[variable(ARM, "RUNNER")] = "qemu-aarch64 -L /usr/aarch64-linux-gnu"
    test(ARM, **env)


def musl():
    need("musl", "rustup")
    target(MUSL)
    test(MUSL)


def main():
    systems = {"windows": windows, "macos": macos, "arm": arm, "musl": musl}
    asked = sys.argv[1:]
    if not asked or not set(asked) <= set(systems):
        sys.exit(__doc__)
    for each in asked:
        systems[each]()


if __name__ == "__main__":
    main()
