"""`raddle doctor`: what is wrong, with what repairs it; then what is installed and in force."""

import json
import os
import sys


def main(as_json=False):
    """Print what the doctor has found, as text or as JSON; return 1 if something is broken."""
    sections = examine()
    if sys.stdout is not None:
        try:
            print(_json(sections) if as_json else _encodable(text(sections)), flush=True)
        except BrokenPipeError:  # `raddle doctor | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if any(each.problems for each in sections) else 0


def _encodable(shown):
    """Return text as standard output can take it: on Windows a pipe may have no arrows."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        shown.encode(encoding)
    except UnicodeEncodeError:
        shown = shown.replace("\N{RIGHTWARDS ARROW}", "->")
        return shown.encode(encoding, "backslashreplace").decode(encoding)
    return shown


def examine():
    """Return what there is to say, a Section for each thing."""
    from raddle._cli.doctor import dump, extras, installed, patched, probe, settings, startup
    from raddle._cli.doctor.section import Section

    # First: what is imported below might patch what this looks at.
    looks = [("threading", patched.patched)]
    probed = probe.run()
    looks += [
        ("raddle", installed.raddle),
        ("python", lambda: installed.interpreter(probed)),
        ("cores", installed.cores),
        ("extension", lambda: installed.extension(probed)),
        ("start-up", lambda: startup.startup(probed)),
        ("variables", settings.environment),
        ("settings", settings.settings),
        ("extras", extras.extras),
        ("dump", dump.dump),
    ]
    found = []
    for name, look in looks:
        try:
            found.append(look())
        except Exception as error:
            section = Section(name)
            section.problem(f"the doctor cannot look: {type(error).__name__}: {error}")
            found.append(section)
    return [*found[1:7], found[0], *found[7:]]


def text(sections):
    """Return what was found for people: what is wrong, what is worth knowing, what is so."""
    out = []
    problems = [each for section in sections for each in section.problems]
    notes = [each for section in sections for each in section.notes]
    count = f"{len(problems)} thing{'s are' if len(problems) != 1 else ' is'}"
    out.append(f"raddle: {count} broken" if problems else "raddle: all is well")
    for title, rows in (("", problems), ("Worth knowing:", notes)):
        if rows:
            out += ["", *filter(None, [title])]
        for what, cure in rows:
            out.append(f"  {what}.")
            if cure:
                out.append(f"    → {cure}")
    out.append("")
    for section in sections:
        for at, line in enumerate(section.lines):
            out.append(f"{'' if at else section.name:12}{line}")
    return "\n".join(out)


def _json(sections):
    """Return what was found for programs."""
    return json.dumps(
        {
            "ok": not any(each.problems for each in sections),
            "problems": _rows(sections, "problems"),
            "notes": _rows(sections, "notes"),
            **{section.name.replace("-", "_"): section.facts for section in sections},
        },
        indent=2,
    )


def _rows(sections, which):
    return [
        {"about": section.name, "what": what, "cure": cure}
        for section in sections
        for what, cure in getattr(section, which)
    ]
