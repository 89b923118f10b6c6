"""Run raddle's tests with the extension built for AddressSanitizer (Linux, with a C compiler).

    python tools/sanitize.py [ARGUMENTS OF PYTEST]

The compiler's own runtime is used, as a library that is loaded before the interpreter, and the
interpreter takes each object's memory from malloc, so that the use of one that has been freed
is seen. (Leaks are not looked for: the interpreter leaves much behind when it ends.)
"""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "target" / "sanitize"
TARGET = f"{platform.machine()}-unknown-linux-gnu"
WORDS = ["queue*", "priorityqueue", "simplequeue", "lock", "rlock", "condition", "event"]
WORDS += ["semaphore", "barrier", "thread", "future*", "executor*", "stream*", "fork", "gc"]
WORDS += ["sites", "order", "contention", "task_interrupt", "context"]


def run(*command, **settings):
    return subprocess.run(list(map(str, command)), cwd=ROOT, check=True, **settings)


def extension(python):
    """Build the extension, watched; return its path."""
    env = {**os.environ, "RUSTC_BOOTSTRAP": "1", "RUSTFLAGS": "-Zsanitizer=address"}
    env |= {"PYO3_PYTHON": str(python), "CARGO_TARGET_DIR": str(HOME)}
    run("cargo", "rustc", "--quiet", "-p", "raddle-py", "--target", TARGET, env=env)
    return HOME / TARGET / "debug" / "lib_raddle.so"


def runtime():
    """Make a library of the compiler's runtime, which is an archive; return its path."""
    found = run("rustc", "--print", "target-libdir", "--target", TARGET, stdout=subprocess.PIPE)
    [archive] = Path(found.stdout.decode().strip()).glob("*rt.asan.a")
    copy, library = HOME / "runtime.a", HOME / "runtime.so"
    shutil.copy(archive, copy)
    run("ar", "d", copy, "asan_preinit.cpp.o")  # what only an executable can have
    whole = ["-Wl,--whole-archive", copy, "-Wl,--no-whole-archive"]
    needs = ["-lpthread", "-ldl", "-lm", "-lrt", "-lresolv"]
    run("cc", "-shared", "-o", library, *whole, *needs)
    return library


def main():
    HOME.mkdir(parents=True, exist_ok=True)
    python = HOME / "env" / "bin" / "python"
    if not python.exists():
        venv.create(HOME / "env", with_pip=True)
        pip = [python, "-m", "pip", "install", "--quiet", "-c", "tools/constraints.txt"]
        run(*pip, "pytest", "hypothesis")
    package = HOME / "python" / "raddle"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(ROOT / "python" / "raddle", package, ignore=shutil.ignore_patterns("*.so"))
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    shutil.copy(extension(python), package / f"_raddle{suffix}")
    [packages] = (HOME / "env" / "lib").glob("python*/site-packages")
    (packages / "built.pth").write_text(f"{package.parent}\n")  # Read before the next one.
    shutil.copy(ROOT / "raddle.data" / "purelib" / "raddle_startup.pth", packages)
    env = {**os.environ, "LD_PRELOAD": str(runtime()), "PYTHONMALLOC": "malloc"}
    env["ASAN_OPTIONS"] = "detect_leaks=0"
    files = [file for word in WORDS for file in sorted(ROOT.glob(f"tests/*/test_{word}.py"))]
    pytest = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run([*map(str, pytest), *(sys.argv[1:] or map(str, files))], env=env)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
