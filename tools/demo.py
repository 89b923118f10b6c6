"""What `make demo` shows: the tutorial programs, a real web server and a hang, run on raddle.

    .venv/bin/python tools/demo.py

Nothing here is changed for raddle: each program is started with `raddle run`, as it would be
with `python`, and what it prints is compared with what plain python prints. Exit code: 0 when
everything was right, 1 otherwise.
"""

import contextlib
import hashlib
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
TUTORIAL = ROOT / "examples" / "tutorial"
SERVER = ROOT / "examples" / "server"
HANG = ROOT / "examples" / "hang.py"
PATIENCE = 120  # seconds until something counts as hung
REQUESTS = 3000

PROGRAMS = {
    "greet.py": "one thread that greets with its name",
    "tasks.py": "ten tasks, one thread each, all joined",
    "workers.py": "a pool of workers that are given tasks as they become free",
    "counter.py": "two threads, one counter: acquire() and release()",
    "counter_with.py": "two threads, one counter: with lock",
    "inputs.py": "one function over many input values",
}

PLAIN = [sys.executable]
RADDLE = [sys.executable, "-m", "raddle", "run"]


def environment() -> dict[str, str]:
    """Return this environment without what would change how python or raddle start."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "RADDLE"))}
    return {**kept, "PYTHONUNBUFFERED": "1"}  # we wait for the line with the address


def run(command: list) -> tuple[subprocess.CompletedProcess, float]:
    """Run a command; return how it ended and the seconds that it took."""
    began = time.perf_counter()
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment(),
    )
    return done, time.perf_counter() - began


def shown(text: str, most: int = 4) -> str:
    """Return the first and last lines of a program's output, indented."""
    lines = text.splitlines()
    if len(lines) > most:
        lines = [*lines[: most - 2], "…", lines[-1]]
    return "\n".join(f"      {line}" for line in lines)


def tutorial() -> list[str]:
    """Run the tutorial programs both ways; return what was wrong."""
    wrong = []
    for name, about in PROGRAMS.items():
        program = TUTORIAL / name
        plain, plain_seconds = run([*PLAIN, program])
        ours, seconds = run([*RADDLE, program])
        right = plain.returncode == 0 and (
            (ours.returncode, ours.stdout, ours.stderr)
            == (plain.returncode, plain.stdout, plain.stderr)
        )
        print(f"\n  raddle run examples/tutorial/{name}   ({about})")
        print(shown(ours.stdout))
        verdict = "the same as under python" if right else "NOT the same as under python"
        print(
            f"    {verdict}; {seconds:.2f} s, python {plain_seconds:.2f} s, start-up included"
        )
        if not right:
            print(ours.stderr, end="")
            wrong.append(f"{name} did not do the same as under python")
    return wrong


def fill(folder: Path) -> None:
    """Write files of many sizes for the server to serve."""
    for number, size in enumerate([0, 1, 100, 4096, 4097, 20_000, 65_537, 300_000]):
        block = hashlib.sha256(str(number).encode()).digest()
        (folder / f"{number}.bin").write_bytes((block * (size // 32 + 1))[:size])


@contextlib.contextmanager
def serving(command: list, folder: Path, log: Path):
    """Run http.server on a free port of loopback; yield the process and its address."""
    options = ["0", "--bind", "127.0.0.1", "--directory", folder]
    with (
        open(log, "w") as errors,
        subprocess.Popen(
            list(map(str, [*command, *options])),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment(),
        ) as process,
    ):
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(process.stdout, selectors.EVENT_READ)
                line = process.stdout.readline() if selector.select(PATIENCE) else ""
            match = re.search(r"\((http://[^)]+)\)", line)
            if match is None:
                raise RuntimeError(f"the server did not start: {line!r} {log.read_text()}")
            yield process, match[1]
        finally:
            if process.poll() is None:
                process.kill()


def serve(command: list, folder: Path, log: Path) -> tuple[dict, int, str]:
    """Load a server, stop it with Ctrl-C; return the load's summary, its exit code, its log."""
    with serving(command, folder, log) as (process, url):
        done, _ = run([*PLAIN, SERVER / "load.py", url, folder, "--requests", REQUESTS])
        if not done.stdout:
            raise RuntimeError(f"the load program failed: {done.stderr}")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    return json.loads(done.stdout), process.returncode, log.read_text()


def server() -> tuple[list[str], dict]:
    """Serve a few thousand requests on raddle; return what was wrong, and the figures."""
    wrong = []
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home, "site")
        folder.mkdir()
        fill(folder)
        log = Path(home, "log")
        print("\n  python -m http.server 0   (a thread for each request, for comparison)")
        plain, _, _ = serve([*PLAIN, "-m", "http.server"], folder, log)
        print(f"    {plain['checked']} right responses in {plain['seconds']:.2f} s")
        print("\n  raddle run -m http.server 0   (the same, unchanged)")
        ours, code, text = serve([*RADDLE, "-m", "http.server"], folder, log)
        print(
            f"    {ours['checked']} of {ours['requests']} responses right, each compared by "
            f"hash: {ours['bytes'] / 1e6:.0f} MB in {ours['seconds']:.2f} s"
        )
        print(f"    stopped with Ctrl-C: exit code {code}")
        if ours["checked"] != REQUESTS or ours["wrong"]:
            wrong.append(f"the server gave wrong responses: {ours['first_wrong']}")
        if code != 0:
            wrong.append(f"the server ended with exit code {code}, not 0")
        if "Traceback" in text:
            wrong.append("the server printed a traceback:\n" + text[text.index("Traceback") :])

        print("\n  raddle run examples/server/witness.py 0   (whose threads serve?)")
        _, _, text = serve([*RADDLE, SERVER / "witness.py"], folder, log)
        births = census(text)
        mine = sum(count for file, count in births.items() if is_ours(file))
        print(f"    {mine} of {sum(births.values())} requests were served by raddle's threads")
        if mine != REQUESTS or len(births) != 1:
            wrong.append(f"not all serving threads were raddle's: {births}")
    return wrong, {"plain": plain["seconds"], "raddle": ours["seconds"]}


def hang() -> list[str]:
    """Run a program that hangs until its threads are named; return what was wrong."""
    print("\n  raddle run examples/hang.py   (plain python would wait here and say nothing)")
    told = []
    with subprocess.Popen(
        list(map(str, [*RADDLE, HANG])),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment() | {"NO_COLOR": "1"},
    ) as process:
        # (It hangs on when it has been named, as it should.)
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        for line in process.stderr:
            told.append(line)
            if line.startswith("  Take the locks in one order"):
                break
        watchdog.cancel()
        process.kill()
    report = "".join(told)
    print(shown(report, most=20))
    named = ("deadlock: 2 threads wait for each other", "held by payer", "held by checker")
    missing = [each for each in named if each not in report]
    return [f"the hang was not named: {missing} not in {report!r}"] if missing else []


def corpus() -> list[str]:
    """Run the corpus job on every backend that there is; return what was wrong."""
    print("\n  python examples/corpus.py   (one function, every file of Python's library)")
    done, seconds = run([*PLAIN, ROOT / "examples" / "corpus.py"])
    print(shown(done.stdout, most=10))
    print(f"    {seconds:.0f} s in all, the start of workers included")
    return [] if done.returncode == 0 else [f"the corpus job went wrong:\n{done.stderr}"]


def census(log: str) -> dict[str, int]:
    """Return what the witness said: where the serving threads began, and how many."""
    for line in log.splitlines():
        if line.startswith("witness: "):
            return json.loads(line.removeprefix("witness: "))["births"]
    return {}


def is_ours(file: str) -> bool:
    """Return whether `file` is raddle's threading.py."""
    import raddle

    return Path(file) == Path(raddle.__file__).with_name("threading.py")


def main() -> int:
    import raddle

    # A shell's background job ignores Ctrl-C, and so would what we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    began = time.perf_counter()
    version = sys.version.split()[0]
    print(f"raddle {raddle.__version__} on Python {version}, {os.cpu_count()} processors")
    print("\nThe tutorial: small programs that know nothing of raddle.")
    wrong = tutorial()
    print("\nA real program: Python's own web server, loaded from another process.")
    more, seconds = server()
    wrong += more
    print("\nA program that hangs: which threads, where, and what to do.")
    wrong += hang()
    print("\nOne map, every core: how fast each backend is here.")
    wrong += corpus()
    took = time.perf_counter() - began
    print()
    if wrong:
        print(f"Something was wrong ({took:.0f} s):")
        for line in wrong:
            print(f"  - {line}")
        return 1
    print(
        f"All was right. {len(PROGRAMS)} tutorial programs printed on raddle exactly what they "
        f"print on plain Python;\nhttp.server answered {REQUESTS} requests with a thread for "
        f"each, every byte checked, in {seconds['raddle']:.2f} s\n(plain Python: "
        f"{seconds['plain']:.2f} s; most of it is the server's own work), every one of its "
        f"threads was\nraddle's, Ctrl-C stopped it cleanly, and a hang was named. The whole "
        f"demo took {took:.0f} s.\nNext: docs/tutorial.md, or `raddle run` with a program of "
        "yours."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
