"""What `raddle dump PID` needs, and which processes would answer it now."""

import os

from raddle._cli.doctor.section import Section


def dump():
    """Whether this user's processes could be asked, and where they would answer."""
    from raddle._diagnose.dump import asking, signal_handler

    found = Section("dump")
    if signal_handler.number() is None:
        listening = asking.listening()
        found.facts = {"works": True, "listening": _listed(listening)}
        found.say("each process listens at a place of its own, which only its user can open")
        _say(found, listening)
        return found
    user = os.geteuid()
    folder = signal_handler.folder(signal_handler.answers_at(), user)
    why, cure = _obstacle(folder, user)
    listening = [] if why else asking.listening()
    found.facts = {
        "works": why is None,
        "folder": folder,
        "signal": signal_handler.number(),
        "listening": _listed(listening),
    }
    if why:
        found.problem(f"`raddle dump PID` gets no answer: {why}", cure)
        found.say(why)
        return found
    found.say(f"answers come in {folder}, by signal {signal_handler.number()}")
    _say(found, listening)
    return found


def _listed(listening):
    return [{"pid": pid, "name": name} for pid, name in listening]


def _say(found, listening):
    asked = ", ".join(f"{pid} ({name})" for pid, name in listening[:8])
    more = f" and {len(listening) - 8} more" if len(listening) > 8 else ""
    found.say(f"would answer now: {asked}{more}" if asked else "no process would answer now")


def _obstacle(folder, user):
    """Return what is in the way of an answer, and what mends it; two Nones if nothing is."""
    from raddle._diagnose.dump import signal_handler

    place = os.path.dirname(folder)
    try:
        os.close(signal_handler.enter(folder, user))
    except FileNotFoundError:
        if not os.access(place, os.W_OK | os.X_OK):
            return f"no folder can be made in {place}", f"chmod u+wx {place}"
    except PermissionError as error:
        return str(error), f"ls -ld {folder}; rm -r {folder}"
    except OSError as error:
        return f"{folder} is no folder that can be used: {error.strerror}", f"rm {folder}"
    if not os.path.exists("/proc/self/maps"):
        return "/proc is not mounted", "mount -t proc proc /proc"
    return None, None
