"""What `raddle dump PID` needs, and which processes would answer it now."""

import os
import signal

from raddle._cli.doctor.section import Section


def dump():
    """Whether this user's processes could be asked, and where they would answer."""
    from raddle._diagnose.dump import signal_handler

    found = Section("dump")
    if not hasattr(signal, "pidfd_send_signal") or signal_handler.number() is None:
        found.facts = {"works": False}
        found.say("not here: `raddle dump PID` works on Linux only")
        return found
    user = os.geteuid()
    folder = signal_handler.folder(signal_handler._answers_at(), user)
    why, cure = _obstacle(folder, user)
    listening = [] if why else _listening()
    found.facts = {
        "works": why is None,
        "folder": folder,
        "signal": signal_handler.number(),
        "listening": [{"pid": pid, "name": name} for pid, name in listening],
    }
    if why:
        found.problem(f"`raddle dump PID` gets no answer: {why}", cure)
        found.say(why)
        return found
    found.say(f"answers come in {folder}, by signal {signal_handler.number()}")
    asked = ", ".join(f"{pid} ({name})" for pid, name in listening[:8])
    more = f" and {len(listening) - 8} more" if len(listening) > 8 else ""
    found.say(f"would answer now: {asked}{more}" if asked else "no process would answer now")
    return found


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


def _listening():
    """Return the pid and name of each process of this user that listens."""
    from raddle._diagnose.dump import client

    found = []
    for each in os.listdir("/proc"):
        if not each.isdigit() or int(each) == os.getpid():
            continue
        try:
            client._check(int(each))
            with open(f"/proc/{each}/comm", encoding="utf-8", errors="replace") as file:
                found.append((int(each), file.read().strip()))
        except (OSError, client.RefusedError, KeyError, ValueError):
            continue  # Another user's, one that does not listen, or one that has just ended.
    return sorted(found)
