"""A program under one schedule, in a process of its own: `python -m raddle._explore.program`.

RADDLE_SCHEDULE names a file. It has what chooses, as JSON, and where to write what came of it.
"""

import json
import os
import runpy
import sys

VARIABLE = "RADDLE_SCHEDULE"


def main(argv):
    """Run the program that `argv` names, as python does."""
    with open(os.environ.pop(VARIABLE)) as file:
        given = json.load(file)
    os.environ.pop("RADDLE", None)
    import raddle

    raddle.install()
    from raddle import _raddle
    from raddle._explore import points, races, search
    from raddle._explore.run import Run

    names = ("seed", "depth", "steps", "choices")
    if given["race"]:
        raddle.configure(race=given["race"])
    schedules = _raddle._Schedules(given["kind"], **{name: given[name] for name in names})
    points.put_in()
    made, code = Run(schedules, given["tell"]), 0
    try:
        with races.turning(frozenset(map(tuple, given["places"]))), made:
            _run(argv)
    except SystemExit as end:
        code = end.code
    except BaseException as error:
        if made.outcome is None:
            raise
        _show(error)
        code = 1
    finally:
        points.take_out()
    outcome = made.outcome
    if given["tell"] and outcome.steps:
        told = "\n".join(search.steps(outcome))
        if len(outcome.choices) < len(given["choices"]):
            sys.stderr.write(f"raddle: {search.STALE}\n")
        sys.stderr.write(f"raddle: how it came about:\n\n{told}\n")
    if outcome.report is not None:
        sys.stderr.write(f"\n{outcome.report.text}")
    with open(given["to"], "w") as file:
        json.dump(
            {
                "choices": outcome.choices,
                "steps": outcome.count,
                "stuck": bool(outcome.stuck and not outcome.left),
                "error": None
                if outcome.error is None or isinstance(outcome.error, SystemExit)
                else repr(outcome.error),
                "outside": outcome.outside,
                "places": sorted(outcome.places),
                "races": {each.name: sorted(races.places(each)) for each in races.found()},
            },
            file,
        )
    sys.exit(code)


def _run(argv):
    first, *rest = argv
    if first == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    elif first == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = argv
        sys.path[0] = os.path.dirname(os.path.abspath(first))
        runpy.run_path(first, run_name="__main__")


def _show(error):
    """Show an error as python does, from the program's first line on."""
    here = os.path.dirname(__file__)
    place = error.__traceback__
    while place is not None and (
        place.tb_frame.f_code.co_filename.startswith(here)
        or place.tb_frame.f_globals.get("__name__") == "runpy"
    ):
        place = place.tb_next
    sys.excepthook(type(error), error.with_traceback(place), place)


if __name__ == "__main__":
    main(sys.argv[1:])
