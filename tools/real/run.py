"""Run real programs on raddle, with real load: they must work, and raddle must report nothing.

    make tools                         # on each interpreter found
    python tools/real/run.py [NAME ...]   # where raddle and requirements.txt are installed

Each is run twice: as it is, and with the orders of its locks checked (`raddle run --check`).
Afterwards it stands idle for a while, as services do, and is ended as they are. It has to give
the right results and end cleanly, and raddle has to have said nothing at all. Exit code: 0 when
all that was so, 1 otherwise.
"""

import argparse
import importlib.metadata
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).with_name("programs"))]

import demo  # noqa: E402
import process  # noqa: E402
from process import CLIENTS, EACH, IDLE, PROGRAMS, Wrong, check, load, run, running  # noqa: E402

PATHS = {f"/square/{n}": n * n for n in range(7)} | {"/pool/9": sum(n * n for n in range(9))}
LISTENING = r"(http://127\.0\.0\.1:\d+)"


def http_server(options, folder):
    """Python's own web server, a thread for each request"""
    Path(folder, "site").mkdir()
    demo.fill(Path(folder, "site"))
    server = [*process.command(["-m", "http.server"], options)]
    found, code, text = demo.serve(server, Path(folder, "site"), Path(folder, "log"))
    check(found["checked"] == demo.REQUESTS, f"wrong responses: {found['first_wrong']}")
    check(code == 0 and "Traceback" not in text, f"it ended with {code}:\n{text}")
    check(not process.alarms(text), f"raddle said:\n{text}")
    return f"{found['checked']} responses, each compared"


def flask(options, folder):
    """Flask's development server"""
    arguments = ["-m", "flask", "--app", "web", "run", "--port", "0"]
    with running(arguments, options, folder) as program:
        url = program.says(LISTENING)[1]
        right = load(url, PATHS)
        idle(options)
        squares = load(url, {"/square/3": 9})
        asked = run([PROGRAMS / "client.py", url], options, folder)
        program.end(signal.SIGINT)
    check(right == squares == CLIENTS * EACH, f"{right} and {squares} answers were right")
    return f"{right + squares} responses; requests and httpx on raddle: {asked}"


def gunicorn(options, folder):
    """gunicorn, two processes with threads"""
    arguments = ["-m", "gunicorn", "-k", "gthread", "--threads", "4", "-w", "2"]
    with running([*arguments, "-b", "127.0.0.1:0", "web:app"], options, folder) as program:
        url = program.says(LISTENING)[1]
        right = load(url, PATHS)
        idle(options)
        squares = load(url, {"/square/3": 9})
        program.end(signal.SIGTERM)
    check(right == squares == CLIENTS * EACH, f"{right} and {squares} answers were right")
    return f"{right + squares} responses"


def celery(options, folder):
    """A Celery worker, `--pool threads`"""
    home = {"CELERY_HOME": folder}
    for name in ("queue", "control", "results"):
        Path(folder, name).mkdir()
    arguments = ["-m", "celery", "-A", "tasks", "worker", "--pool", "threads", "-c", "4"]
    with running([*arguments, "-l", "INFO"], options, folder, home) as program:
        program.says("celery@.* ready")
        done = run([PROGRAMS / "tasks.py"], options, folder, **home)
        idle(options)
        again = run([PROGRAMS / "tasks.py"], options, folder, **home)
        program.end(signal.SIGTERM)
    return f"{done}, and {again}"


def asyncio_service(options, folder):
    """A service on asyncio, with executors"""
    import asyncio
    import hashlib

    lines = [f"line {n}".encode() * (n % 3 + 1) for n in range(EACH)]
    wanted = [hashlib.pbkdf2_hmac("sha256", each, b"salt", 200).hex() for each in lines]

    async def ask(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        found = []
        for each in lines:
            writer.write(each + b"\n")
            found.append((await reader.readline()).decode().strip())
        writer.close()
        return found

    async def ask_all(port):
        return await asyncio.gather(*(ask(port) for _ in range(CLIENTS)))

    with running([PROGRAMS / "service.py"], options, folder) as program:
        port = program.says(r"listening on (\d+)")[1]
        found = asyncio.run(ask_all(port))
        idle(options)
        found += asyncio.run(ask_all(port))
        program.end(signal.SIGTERM)
        check(program.text().endswith("ended\n"), program.text())
    check(all(each == wanted for each in found), "wrong answers")
    return f"{len(found) * EACH} answers"


def apscheduler(options, folder):
    """APScheduler's BackgroundScheduler"""
    with running([PROGRAMS / "schedule.py"], options, folder) as program:
        program.says("fired")
        idle(options)
        program.end(signal.SIGTERM)
        check(program.text().endswith("ended\n"), program.text())
    return "three jobs, each ten times and more"


def hang(options, folder):
    """A program that does hang: what is not heard here would not be heard elsewhere"""
    with running([demo.HANG], options, folder) as program:
        program.says("deadlock: 2 threads wait for each other")
        program.says("Take the locks in one order")
        told = process.alarms(program.text())
    check(len(told) == 1 + bool(options), f"raddle said:\n{told}")
    return "told, as it should be"


def jupyter(options, folder):
    """A Jupyter kernel, with cells that use threads"""
    import kernel

    return kernel.use(options, folder)


def idle(options):
    """Let a service stand idle. (Once is enough: not where the orders of locks are checked.)"""
    time.sleep(0 if options else IDLE)


CHECKS = {
    "a hang": (hang, None),
    "http.server": (http_server, None),
    "Flask": (flask, "flask"),
    "gunicorn": (gunicorn, "gunicorn"),
    "celery": (celery, "celery"),
    "asyncio": (asyncio_service, None),
    "APScheduler": (apscheduler, "apscheduler"),
    "Jupyter": (jupyter, "ipykernel"),
}


def version(package):
    """Return what is installed of a package, or of Python itself; None if it is not."""
    try:
        return importlib.metadata.version(package) if package else platform.python_version()
    except importlib.metadata.PackageNotFoundError:
        return None


def one(name, options):
    """Run one check and print its line; return what was wrong, or None."""
    call, package = CHECKS[name]
    number = version(package)
    how = " ".join(["raddle run", *options])
    if number is None:
        print(f"{'-':5}{name:12} {'':9} {how:18} not installed", flush=True)
        return f"{name} is not installed"
    folder, began, wrong = tempfile.mkdtemp(prefix="raddle-real-"), time.monotonic(), None
    try:
        told = call(options, folder)
    except Wrong as error:
        told = wrong = str(error)
    except Exception as error:
        told = wrong = f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    word = "FAIL" if wrong else "ok"
    took = f"{time.monotonic() - began:5.1f} s"
    print(f"{word:5}{name:12} {number:9} {how:18} {took}  {told}", flush=True)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(CHECKS))
    names = parser.parse_args().names
    for each in names:
        if each not in CHECKS:
            parser.error(f"{each!r} is none of {', '.join(CHECKS)}")
    # A shell's background job ignores Ctrl-C, and so would what we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    import raddle

    gil = "" if getattr(sys, "_is_gil_enabled", lambda: True)() else ", without a GIL"
    print(f"raddle {raddle.__version__}, Python {platform.python_version()}{gil}", end=", ")
    print(f"{os.cpu_count()} processors")
    results = [one(name, mode) for name in names or CHECKS for mode in ([], ["--check"])]
    wrong = sum(each is not None for each in results)
    print(f"{len(results) - wrong} right, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
