"""The interpreter matrix. CI calls only what a person can call: `make` calls these sessions."""

import os
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "tools"))

import constraints  # noqa: E402
import interpreters  # noqa: E402

FOUND = interpreters.find(os.environ.get("RADDLE_ONLY", "").split() or None)
OPTIONAL = nox.project.load_toml(ROOT / "pyproject.toml")["project"]["optional-dependencies"]
PATHS = [nox.param(found, id=found.tag) for found in FOUND]

# `make test` says so: then `build` has run, and what it runs side by side leaves that alone.
BUILT = os.environ.pop("RADDLE_BUILT", "") == "1"

# Of tests, of what builds them, and (by its other name) of what builds them for newer pips.
CONSTRAINTS = (ROOT / "tools" / "constraints.txt").as_uri()
os.environ |= {"PIP_CONSTRAINT": CONSTRAINTS, "PIP_BUILD_CONSTRAINT": CONSTRAINTS}

nox.options.default_venv_backend = "venv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["tests", "conformance", "stress"]


TESTS = ("pytest>=8", "pytest-timeout>=2.3", "pytest-xdist>=3.6", "hypothesis>=6.100")
# They mostly wait: more run at once than there are cores. (`-- -n 0`: one after the other.)
# (Without the last two, a run whose worker has died may wait for it for ever.)
PYTEST = ("-m", "pytest", "-n", "3", "--dist", "loadfile", "--max-worker-restart", "0")
STUBS = "tests/types"
EXTRAS = ("processes", "cluster", "progress")
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check", "install")


def _environment(session: nox.Session, found: interpreters.Interpreter, name: str) -> str:
    """Make an environment for the interpreter, unless it is there; return its python."""
    home = ROOT / ".nox" / f"{name}-{found.tag}"
    python = str(home / "bin" / "python")
    if not os.path.exists(python):
        session.run(found.path, "-m", "venv", "--clear", str(home), external=True)
    return python


def _build(session: nox.Session, python: str, target: Path, **env: str) -> None:
    """Build raddle into an environment, with its Rust artifacts in the folder `target`."""
    env |= {"CARGO_TARGET_DIR": str(target), "RADDLE": "0"}
    session.run(
        *(python, *PIP, "--force-reinstall", "--no-deps", str(ROOT)), external=True, env=env
    )


def _prepare(session: nox.Session, found: interpreters.Interpreter, *extra: str) -> str:
    """Make the interpreter's environment with raddle built into it; return its python."""
    python = _environment(session, found, "python")
    if not BUILT:
        _build(session, python, ROOT / "target" / found.tag)
    if extra:
        session.run(python, *PIP, *extra, external=True)
    return python


def _add_extras(session: nox.Session, python: str) -> None:
    for extra in EXTRAS:
        # Where there is no such package for an interpreter, the tests skip, and say so.
        session.run(python, *PIP, *OPTIONAL[extra], external=True, success_codes=[0, 1])


@nox.session(python=False)
@nox.parametrize("found", PATHS)
def build(session: nox.Session, found) -> None:
    """Each interpreter's environment with raddle built into it, for the sessions below."""
    _prepare(session, found)


@nox.session(python=False)
@nox.parametrize("found", PATHS)
def tests(session: nox.Session, found) -> None:
    """raddle's own tests on one interpreter."""
    python = _prepare(session, found, *TESTS)
    _add_extras(session, python)
    for other in constraints.OTHERS:
        # (One by one, and none is built: that could take longer than the tests.)
        command = (python, *PIP, "--only-binary=:all:", other)
        session.run(*command, external=True, success_codes=[0, 1])
    session.run(python, *PYTEST, *session.posargs, external=True)


@nox.session(python=False)
@nox.parametrize("found", PATHS)
def conformance(session: nox.Session, found) -> None:
    """CPython's own tests, stock and with raddle installed, side by side."""
    python = _prepare(session, found)
    session.run(python, "tests/conformance/run.py", *session.posargs, external=True)


@nox.session(python=False)
@nox.parametrize("found", PATHS)
def stress(session: nox.Session, found) -> None:
    """Exits, forks, signals and crowds; brief here, long with `-- --long`."""
    python = _prepare(session, found)
    env = {"RADDLE_ON_DEADLOCK": "raise"}  # No run of these is a deadlock.
    session.run(python, "tests/stress/run.py", *session.posargs, external=True, env=env)
    env["RADDLE_LOCK_ORDER"] = "1"  # Nor do they take locks in orders that contradict.
    checked = ("handoff", "soak", "executors")
    session.run(python, "tests/stress/run.py", *checked, external=True, env=env)


@nox.session(python=False)
@nox.parametrize("found", PATHS)
def races(session: nox.Session, found) -> None:
    """Each program that has a race, many times: it is told on every run."""
    python = _prepare(session, found, *TESTS)
    env = {"RADDLE_RUNS": "20"}
    session.run(python, "-m", "pytest", "tests/races", *session.posargs, external=True, env=env)


@nox.session(python=False)
@nox.parametrize("found", PATHS)
def tools(session: nox.Session, found) -> None:
    """Real programs on raddle, with real load: none may be told to hang."""
    python = _environment(session, found, "tools")
    _build(session, python, ROOT / "target" / found.tag)
    real = ROOT / "tools" / "real"
    # (It pins all that it names; the tests' versions are another matter.)
    command = (python, *PIP, "--only-binary=:all:", "-r", str(real / "requirements.txt"))
    session.run(*command, external=True, env={"PIP_CONSTRAINT": ""})
    session.run(python, str(real / "run.py"), *session.posargs, external=True)


@nox.session(python=False)
@nox.parametrize("found", PATHS)
def bench(session: nox.Session, found) -> None:
    """raddle beside the interpreter's own threading, in one process, interleaved."""
    python = _prepare(session, found)
    session.run(python, "-m", "benchmarks", *session.posargs, external=True)


@nox.session(python=False, name="bench-races")
@nox.parametrize("found", [each for each in PATHS if each.args[0].tag != "3.11"])
def bench_races(session: nox.Session, found) -> None:
    """What `raddle run --race` costs, beside plain runs of the same programs."""
    python = _prepare(session, found)
    command = ("-m", "benchmarks.races", "--python", python)
    session.run(python, *command, *session.posargs, external=True)


@nox.session(python=False)
def check(session: nox.Session) -> None:
    """raddle's tests on the newest interpreter found: the short way, for `make check`."""
    python = _environment(session, FOUND[-1], "check")
    # A debug build takes a fraction of the time, and has the assertions of the core.
    _build(session, python, ROOT / "target", MATURIN_PEP517_ARGS="--profile dev")
    # Without the extras: what is for processes, clusters and progress bars alone, skips.
    session.run(python, *PIP, *TESTS, external=True)
    session.run(python, *PYTEST, "-q", "-rfE", *session.posargs, external=True)


@nox.session(python=False)
def stubs(session: nox.Session) -> None:
    """The shipped stubs agree with the modules that they describe, and with typeshed's."""
    # (The oldest and the newest: where types differ between versions, each may be the odd one.)
    for found in FOUND[:1] + FOUND[1:][-1:]:
        python = _prepare(session, found, *TESTS, "mypy>=1.18", "pyright>=1.1.400")
        session.run(python, "-m", "pytest", STUBS, *session.posargs, external=True)


@nox.session(python=False)
def site(session: nox.Session) -> None:
    """The docs site, on the newest interpreter with a GIL; looked at where a browser is."""
    found = ([each for each in FOUND if not each.free_threaded] or FOUND)[-1]
    python = _environment(session, found, "site")
    _build(session, python, ROOT / "target", MATURIN_PEP517_ARGS="--profile dev")
    session.run(python, *PIP, *constraints.SITE, external=True)
    session.run(python, "tools/site.py", external=True)
    session.run(python, "tests/site/run.py", *session.posargs, external=True)
