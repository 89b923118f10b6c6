"""Which of the extras are there, and the line that installs the others."""

import re

from raddle._cli.doctor.section import Section, pip


def extras():
    """Which of raddle's extras are present."""
    from importlib import metadata

    found = Section("extras")
    try:
        needed = _needed(metadata.requires("raddle") or [])
    except metadata.PackageNotFoundError:
        found.say("not known: raddle's metadata is not here")
        return found
    for extra, packages in needed.items():
        rows = [_look(*each) for each in packages]
        present = all(row["fits"] for row in rows)
        install = pip(f"raddle[{extra}]")
        found.facts[extra] = {
            "present": present,
            "packages": rows,
            "install": None if present else install,
        }
        there = ", ".join(f"{row['name']} {row['version'] or 'missing'}" for row in rows)
        found.say(f"{extra:11}{there}" + ("" if present else f"  → {install}"))
        for row in rows:
            if row["version"] and not row["fits"]:
                found.problem(
                    f"{row['name']} is {row['version']}, and raddle[{extra}] needs "
                    f"{row['needs']} or later",
                    install,
                )
    return found


def _needed(lines):
    """Return the packages of each extra, with the lowest version, but for the tests' own."""
    found = {}
    for line in lines:
        extra = re.search(r"extra\s*==\s*['\"](.+?)['\"]", line)
        match = re.match(r"\s*([\w.-]+)[^;]*?>=\s*([\w.]+)", line)
        if extra and match and extra[1] != "test":
            found.setdefault(extra[1], []).append((match[1], match[2]))
    return found


def _look(name, least):
    from importlib import metadata

    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        version = None
    fits = version is not None and _numbers(version) >= _numbers(least)
    return {"name": name, "version": version, "needs": least, "fits": fits}


def _numbers(version):
    return [int(part) for part in re.match(r"[\d.]*", version)[0].split(".") if part]
