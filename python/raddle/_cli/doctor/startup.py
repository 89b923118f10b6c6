"""Whether programs start on raddle: by RADDLE=1 in the environment, and by `raddle run`."""

import os
import sys

from raddle._cli import arguments, pth, variables
from raddle._cli.doctor.section import Section, package, pip

START = "raddle_startup.start"  # what goes before the .pth file in 3.15 and later (PEP 829)


def startup(probed):
    """Whether raddle_startup.pth is there, in force, and this raddle's."""
    found = Section("start-up")
    folders = pth.site_folders(arguments.letters(arguments.own()))
    everywhere = list(dict.fromkeys([*folders, *filter(os.path.isdir, sys.path)]))
    files = pth.found(everywhere)
    if sys.version_info >= (3, 15):
        starts = (os.path.join(folder, START) for folder in everywhere)
        files += [path for path in starts if os.path.exists(path)]
    own = probed["started"] is not None and _is_this(probed["started"])
    found.facts = {
        "files": files,
        "in_force": probed["started"] is not None,
        "starts": probed["started"] and os.path.dirname(probed["started"]),
        "environment_variable_works": own,
        "raddle_run_works": own or _can_run(),
    }
    if own:
        found.say(f"{files[0] if files else 'by another .pth file'}, in force")
        _look_at_user(found, files)
    elif probed["started"] is not None:
        other = os.path.dirname(probed["started"])
        found.say(f"shadowed by {other}")
        found.problem(
            f"programs start on another raddle, {other}, than this one, {package()}",
            f"rm -r {other}  # or uninstall it with the pip that put it there",
        )
    else:
        _not_in_force(found, files, folders)
    return found


def _is_this(file):
    return os.path.realpath(os.path.dirname(file)) == os.path.realpath(package())


def _can_run():
    options = arguments.own()
    return "S" not in arguments.letters(options) and pth.refusal(options) is None


def _not_in_force(found, files, folders):
    asked = os.environ.get("RADDLE", "").lower() not in variables.OFF
    home = os.path.realpath(os.path.dirname(package()))
    if "S" in arguments.letters(arguments.own()):
        found.say("not in force: -S leaves out site-packages")
        found.note("with -S, no program starts on raddle", "leave out -S")
    elif home in map(os.path.realpath, folders):
        has = "does nothing" if files else "is missing"
        found.say(f"{pth.NAME} {has}")
        what = f"{pth.NAME} {has}: RADDLE=1 does nothing, and says nothing"
        found.problem(what, pip("--force-reinstall", "raddle"))
    else:
        found.say(f"not in force: {os.path.dirname(package())} is no site-packages")
        what = (
            f"RADDLE=1 does nothing here: Python reads {pth.NAME} in site-packages only, and "
            f"raddle is in {os.path.dirname(package())}"
        )
        cure = pth.environment()
        if _can_run():
            cure = f"raddle run app.py  # works; or {cure}"
        (found.problem if asked else found.note)(what, cure)


def _look_at_user(found, files):
    import site

    user = site.getusersitepackages() if site.ENABLE_USER_SITE else None
    if user and files and all(os.path.dirname(each) == user for each in files):
        found.note(
            "raddle is in the user's site-packages: programs that run with -I or -s start "
            "without it",
            pth.environment(),
        )
