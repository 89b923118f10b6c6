"""The words of a race, and what else comes of it: objects, handlers, the program's end."""

import json
import re
import sys

import pytest
from programs import RADDLE, environment
from races import COUNTED, HERE, RACE, names, run, told
from raddle._diagnose.race import settings

pytestmark = pytest.mark.raddle_only
needs_races = pytest.mark.skipif(settings.refusal() is not None, reason=str(settings.refusal()))
REPORTS = sorted(path.stem for path in (HERE / "reports").glob("*.py"))


def plain(text):
    """Return reports without what differs from run to run."""
    return re.sub(r"^  in process \d+ .*\n", "", text, flags=re.MULTILINE)


# What it says


@needs_races
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_word_for_word(name):
    code, _, err = run(HERE / "reports" / f"{name}.py", "--race")
    assert code == 0
    assert plain(err) == (HERE / "reports" / f"{name}.txt").read_text()


@needs_races
def test_it_says_which_process_it_was_and_when(folder):
    done = folder.run(*RACE, folder.write(COUNTED))
    version = sys.version.split()[0]
    line = done.stderr.splitlines()[1]
    assert re.fullmatch(
        rf"  in process \d+ \(app\.py\), at \d\d:\d\d:\d\d, Python {re.escape(version)}", line
    )


@needs_races
def test_a_pair_of_places_is_told_once(folder):
    done = folder.run(*RACE, folder.write(f"{COUNTED}\nrun(*[count] * 20)\nrun(count, count)"))
    assert names(done) == ["update Stats.hits"]


@needs_races
def test_what_a_hundred_lines_do_to_a_value_is_not_told_ten_thousand_times(folder):
    lines = "\n".join(f"    Stats.hits += {at}" for at in range(100))
    done = folder.run(*RACE, folder.write(f"{COUNTED}\ndef many():\n{lines}\nrun(many, many)"))
    found, rest = told(done.stderr)
    assert {name for name, _ in found} == {"update Stats.hits"} and len(found) == 20
    assert rest == (
        "raddle: race: Stats.hits: there are more pairs of lines, which are left unsaid\n"
    )


SHARED_NAME = """
import threading

class Worker:
    total = 0

    def __init__(self):
        self.lock = threading.Lock()

    def run(self):
        with self.lock:
            Worker.total += 1

threads = [threading.Thread(target=Worker().run) for _ in range(2)]
for each in threads:
    each.start()
for each in threads:
    each.join()
"""


@needs_races
def test_two_locks_of_one_name_are_told_apart(folder):
    text = folder.run(*RACE, folder.write(SHARED_NAME)).stderr
    assert "holding Worker.lock #1" in text and "holding Worker.lock #2" in text
    assert "Two different locks keep nobody out." in text
    assert "  Have all threads hold one and the same lock here.\n" in text


RELEASED = """
import threading

lock, stock = threading.Lock(), {"pears": 1}

def buy():
    with lock:
        left = stock["pears"] > 0
    if left:
        with lock:
            stock["pears"] = stock["pears"] - 1

threads = [threading.Thread(target=buy) for _ in range(2)]
for each in threads:
    each.start()
for each in threads:
    each.join()
"""


@needs_races
def test_a_lock_that_is_released_in_between_is_named(folder):
    text = folder.run(*RACE, folder.write(RELEASED)).stderr
    assert "the check is out of date then. lock is released in between.\n" in text
    assert (
        "  Hold lock all the way, from the check to the write: in one `with` block.\n" in text
    )


# As objects

OBJECTS = f"""{COUNTED}
import json, raddle
[race] = raddle.races()
text = race.to_dict()
assert race.text == str(race) and json.loads(json.dumps(text)) == text
assert raddle.races() == [race] and raddle.races() is not raddle.races()
assert repr(race) == f"<Race: {{race.sentence}}>"
del text["process"]
print(json.dumps(text))
"""


@needs_races
def test_the_races_are_objects_that_json_takes(folder):
    done = folder.run(*RACE, folder.write(OBJECTS))
    race = json.loads(done.stdout)
    access = {
        "does": "updates",
        "at": "app.py:8",
        "since": None,
        "function": "count",
        "source": "Stats.hits += 1",
        "locks": [],
    }
    assert race.pop("accesses") == [
        {**access, "thread": f"Thread-{number} (count)"} for number in (1, 2)
    ]
    assert race == {
        "kind": "update",
        "name": "Stats.hits",
        "guard": None,
        "sentence": "If both threads read Stats.hits before one of them writes it back, one of "
        "the two updates is lost.",
        "cure": "Make one lock for all threads (lock = threading.Lock()), and put `with lock:` "
        "around this line.",
    }


ALIVE = """
import gc, threading, weakref, raddle

class Stats:
    hits = 0

stats = Stats()

def count():
    stats.hits += 1

threads = [threading.Thread(target=count) for _ in range(2)]
for each in threads:
    each.start()
for each in threads:
    each.join()
assert len(raddle.races()) == 1
known = [weakref.ref(stats), *map(weakref.ref, threads)]
del stats, threads, each
gc.collect()
print([each() for each in known])
"""


@needs_races
def test_a_report_keeps_nothing_alive(folder):
    assert folder.run(*RACE, folder.write(ALIVE)).stdout == "[None, None, None]\n"


# What is left unsaid


@needs_races
@pytest.mark.parametrize("pattern", ["Stats.hits", "Stats.*", "app.py:8", "x,app.py:*"])
def test_a_known_race_is_not_told(folder, pattern):
    name = folder.write(COUNTED + "\nimport raddle\nprint(raddle.races())")
    for done in (
        folder.run(*RACE, f"--known-races={pattern}", name),
        folder.run(*RACE, "--known-races", pattern, name),
        folder.run(*RACE, name, env=environment(RADDLE_KNOWN_RACES=pattern)),
    ):
        assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


@needs_races
def test_a_known_race_hides_no_other(folder):
    name = folder.write(COUNTED)
    assert names(folder.run(*RACE, "--known-races=Stats.misses,app.py:9", name)) == [
        "update Stats.hits"
    ]


# What is done about it


@needs_races
@pytest.mark.parametrize("word", ["report", "raise"])
def test_it_is_printed_whatever_a_deadlock_does(folder, word):
    done = folder.run(*RACE, f"--on-deadlock={word}", folder.write(COUNTED))
    assert (done.returncode, names(done)) == (0, ["update Stats.hits"])


@needs_races
def test_ignore_prints_nothing_and_keeps_the_report(folder):
    name = folder.write(f"{COUNTED}\nimport raddle\nprint(len(raddle.races()))")
    done = folder.run(*RACE, "--on-deadlock=ignore", name)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


@needs_races
def test_a_callable_gets_the_report_in_the_thread_that_found_it(folder):
    code = f"""
import raddle, threading
def handle(race):
    seen.append((race.kind, threading.current_thread() in (threads or [])))
seen, threads = [], None
raddle.configure(on_deadlock=handle)
{COUNTED.replace("threads =", "global threads; threads =").rpartition("run(count")[0]}
run(count, count)
print(seen)
"""
    done = folder.run(*RACE, folder.write(code))
    assert (done.stdout, done.stderr) == ("[('update', True)]\n", "")


@needs_races
def test_what_a_callable_raises_is_printed_and_the_program_goes_on(folder):
    code = f"""
import raddle
def handle(race):
    raise ValueError("mine")
raddle.configure(on_deadlock=handle)
{COUNTED}
print("went on")
"""
    done = folder.run(*RACE, folder.write(code))
    assert (done.returncode, done.stdout) == (0, "went on\n")
    assert done.stderr.endswith("ValueError: mine\n") and done.stderr.count("Traceback") == 1


# A program is as it was

SAME = {
    "exit code": "sys.exit(3)",
    "text": "sys.exit('no')",
    "exception": "print(Stats.nothing)",
    "thread's exception": "run(lambda: 1 / 0)",
    "output": "print(sorted(vars(Stats)), __name__, __file__)",
    "traceback": "def add():\n    Stats.hits += 'x'\ntry:\n    add()\nfinally:\n    print(0)",
    "depth": """
import collections
class Box(list): pass
kinds = {
    "list": lambda inner: [inner],
    "dict": lambda inner: {0: inner},
    "box": lambda inner: Box([inner]),
    "ordered": lambda inner: collections.OrderedDict({0: inner}),
    "mixed": lambda inner: ([inner], {0: inner}),
    "function": lambda inner: (lambda default=inner: default),
    "cell": lambda inner: lambda: inner,
    "slice": lambda inner: [{0: [Box((inner,))]}],
}
for name, make in kinds.items():
    deep = None
    for _ in range(200_000):
        deep = make(deep)
    del deep
    print(name)
""",
}


@needs_races
@pytest.mark.parametrize("end", SAME.values(), ids=SAME)
def test_a_program_ends_as_it_would_without(folder, end):
    name = folder.write(f"{COUNTED}\n{end}\n")
    checked, bare = folder.run(*RACE, name), folder.run(*RADDLE, name)
    assert (checked.returncode, checked.stdout) == (bare.returncode, bare.stdout)
    report, _, rest = checked.stderr.partition("around this line.\n")
    assert told(report)[0][0][0] == "update Stats.hits"
    assert re.sub(r"0x\w+", "", rest) == re.sub(r"0x\w+", "", bare.stderr)


FORKED = """
import os, sys, threading

source = "\\n".join(f"def f{at}(each): each.a{at} = each.a{at} + 1" for at in range(400))
names = {}
exec(compile(source, __file__, "exec"), names)

class Each: pass

each = Each()
for at in range(400):
    setattr(each, f"a{at}", 0)

def run():
    for at in range(400):
        names[f"f{at}"](each)

threads = [threading.Thread(target=run) for _ in range(3)]
for thread in threads:
    thread.start()
children = []
for _ in range(10):
    child = os.fork()
    if not child:
        run()
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        os._exit(0)
    children.append(child)
for thread in threads:
    thread.join()
print([os.waitpid(child, 0)[1] for child in children])
"""


@needs_races
def test_children_that_are_forked_beside_the_first_reports_go_on(folder):
    done = folder.run(*RACE, "-W", "ignore", folder.write(FORKED))
    assert (done.returncode, done.stdout) == (0, f"{[0] * 10}\n")
