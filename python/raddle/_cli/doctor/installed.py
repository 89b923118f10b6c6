"""The package, the interpreter, the cores and the extension."""

import importlib.machinery
import os
import platform
import sys
import sysconfig

from raddle._cli.doctor.section import Section, package, pip


def raddle():
    """Which raddle this is, and whether it is there twice."""
    from raddle import __version__

    found = Section("raddle")
    copies = _copies()
    found.facts = {
        "version": __version__,
        "folder": package(),
        "installed": [{"version": version, "in": place} for version, place in copies],
    }
    found.say(f"{__version__}, {package()}")
    again = pip("--force-reinstall", "raddle")
    if len(copies) > 1:
        places = " and ".join(f"{version} in {place}" for version, place in copies)
        found.problem(f"raddle is installed more than once: {places}", again)
    elif not copies:
        found.note("pip knows nothing of this copy: its extras cannot be told")
    elif copies[0][0] != __version__:
        version, place = copies[0]
        found.problem(
            f"the package is raddle {__version__}, but what is written in {place} is of "
            f"{version}",
            again,
        )
    return found


def _copies():
    """Return the version and folder of each raddle that is installed on sys.path."""
    from importlib import metadata

    found = {}
    for each in metadata.distributions(name="raddle"):
        place = os.path.realpath(str(each.locate_file("")))
        found.setdefault(place, each.version)
    return [(version, place) for place, version in found.items()]


def interpreter(probed):
    """Which Python this is, and whether it has a GIL."""
    found = Section("python")
    free = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    version = platform.python_version()
    found.facts = {
        "version": version,
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "environment": sys.prefix != sys.base_prefix,
        "system": f"{platform.system()} {platform.machine()}",
        "free_threaded_build": free,
        "gil": gil,
    }
    has = "with a GIL" if gil else "without a GIL"
    name = platform.python_implementation()
    found.say(f"{name} {version}, {has}, {sys.executable}")
    if name != "CPython":
        found.problem(f"raddle is for CPython, and this is {name}")
    if free and gil:
        why = "PYTHON_GIL=1, -X gil=1, or an extension that needs it"
        found.note(f"this free-threaded Python runs with a GIL: {why} has switched it on")
    elif free and probed["gil"]:
        found.problem("raddle's extension switches the GIL on", pip("-U", "raddle"))
    if not gil and sys.dont_write_bytecode:
        # CPython makes the constants immortal of code that it reads from a file, not of what
        # importlib has compiled a moment ago.
        found.note(
            "modules without a .pyc file count the uses of their constants, and no such file "
            "is written here: functions in them that compute may be slower in two threads "
            "than in one",
            "unset PYTHONDONTWRITEBYTECODE",
        )
    return found


def cores():
    """How many cores there are for this process, and whether threads can use them."""
    from raddle import cores as count_cores

    count = count_cores()
    taken = count.choice
    found = Section("cores")
    found.facts = {
        "count": int(count),
        "machine": os.cpu_count(),
        "affinity": count.affinity,
        "quota": count.quota,
        "limited_by": count.why,
        "threads_use_all": count.threads,
        "backend": taken._asdict(),
    }
    which = "all" if count == os.cpu_count() else f"{count} by {count.why}, of {os.cpu_count()}"
    can = "Python threads can use them all" if count.threads else "Python threads use one"
    found.say(f"{count} ({which}); {can}")
    found.say(f'backend="cores" takes {taken.workers}: {taken.why}')
    return found


def extension(probed):
    """Whether the extension is there, for this interpreter, and works."""
    found = Section("extension")
    try:
        files = sorted(
            each for each in os.listdir(package()) if each.startswith(("_raddle.", "_raddle_"))
        )
    except OSError:
        files = []  # In an archive.
    files = [each for each in files if each.endswith((".so", ".pyd", ".dylib"))]
    suffixes = importlib.machinery.EXTENSION_SUFFIXES
    fitting = [each for each in files if each.removeprefix("_raddle") in suffixes]
    found.facts = {
        "files": files,
        "file": fitting[0] if fitting else None,
        "works": probed["error"] is None,
        "error": probed["error"],
    }
    again = pip("--force-reinstall", "raddle")
    if not fitting:
        tag = sysconfig.get_config_var("SOABI")
        has = f"there is {', '.join(files)}" if files else "there is none"
        found.problem(f"the extension is not built for this interpreter ({tag}): {has}", again)
        found.say("missing")
    elif probed["error"] is not None:
        found.problem(f"raddle does not work in a fresh interpreter: {probed['error']}", again)
        found.say(f"{fitting[0]}, broken")
    else:
        found.say(f"{fitting[0]}, works")
    return found
