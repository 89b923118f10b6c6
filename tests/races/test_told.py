"""The words of a race, and the ways to ask for it: whole reports, flags, settings, exits."""

import json
import re
import sys

import pytest
from programs import PLAIN, RADDLE, environment
from races import HERE, run, told
from raddle._diagnose.race import settings

pytestmark = pytest.mark.raddle_only
needs_races = pytest.mark.skipif(settings.refusal() is not None, reason=str(settings.refusal()))
REPORTS = sorted(path.stem for path in (HERE / "reports").glob("*.py"))
RACE = [*RADDLE, "--race"]

# Two threads that count; what follows sees how that was told.
COUNTED = """
import threading, sys

class Stats:
    hits = 0

def count():
    Stats.hits += 1

def run(*targets):
    threads = [threading.Thread(target=each) for each in targets]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

run(count, count)
"""


def plain(text):
    """Return reports without what differs from run to run."""
    return re.sub(r"^  in process \d+ .*\n", "", text, flags=re.MULTILINE)


def names(done):
    """Return what a finished program's stderr tells, which has to be nothing but races."""
    found, rest = told(done.stderr)
    assert rest == "", rest
    return [name for name, _ in found]


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


# Which code, and which accesses

POLLED = """
import threading

class Worker:
    stop = False

    def run(self):
        while not self.stop:
            pass

worker = Worker()
thread = threading.Thread(target=worker.run)
thread.start()
worker.stop = True
thread.join()
"""


@needs_races
def test_strict_tells_a_flag_that_is_only_polled(folder):
    name = folder.write(POLLED)
    assert names(folder.run(*RACE, name)) == []
    assert names(folder.run(*RADDLE, "--race=strict", name)) == ["unordered Worker.stop"]


LIBRARY = """
class Stats:
    hits = 0

def count():
    Stats.hits += 1
"""
USER = """
import threading, {0}
threads = [threading.Thread(target={0}.count) for _ in range(2)]
for each in threads:
    each.start()
for each in threads:
    each.join()
"""


@needs_races
@pytest.mark.parametrize("place", ["counted.py", "counted/__init__.py", "counted/inner.py"])
def test_a_package_is_looked_at_if_it_is_named(folder, place):
    folder.write(LIBRARY, f"lib/site-packages/{place}")
    folder.write("", "lib/site-packages/other/__init__.py")
    folder.write("", "lib/site-packages/count.py")
    name = folder.write(USER.format(place[:-3].replace("/", ".").replace(".__init__", "")))
    env = environment(PYTHONPATH=str(folder.home / "lib" / "site-packages"))
    for option, wanted in (
        ("--race", []),
        ("--race=other,count", []),
        ("--race=other,counted", ["update Stats.hits"]),
        ("--race=strict,counted", ["update Stats.hits"]),
    ):
        assert names(folder.run(*RADDLE, option, name, env=env)) == wanted


@needs_races
def test_a_module_of_a_package_can_be_named(folder):
    folder.write("raise SystemError('nothing of it is run')", "site-packages/app/__init__.py")
    folder.write(LIBRARY, "site-packages/app/inner.py")
    env = environment(PYTHONPATH=str(folder.home / "site-packages"))
    for option, code in (("--race=app.inner", 0), ("--race=app", 0), ("--race=app.none", 2)):
        done = folder.run(*RADDLE, option, "-c", "print('ran')", env=env)
        assert (done.returncode, done.stdout) == (code, "ran\n" if code == 0 else "")


@needs_races
def test_children_look_for_races_too(folder):
    child = folder.write(COUNTED, "child.py")
    parent = f"import subprocess, sys; subprocess.run([sys.executable, {child!r}])"
    assert names(folder.run(*RACE, folder.write(parent))) == ["update Stats.hits"]


@needs_races
def test_variables_ask_for_it_too(folder):
    env = environment(RADDLE="1", RADDLE_RACE="1")
    assert names(folder.run(*PLAIN, folder.write(COUNTED), env=env)) == ["update Stats.hits"]
    env["RADDLE_RACE"] = "0"
    assert names(folder.run(*PLAIN, "app.py", env=env)) == []


@needs_races
def test_the_table_asks_for_it_too(folder):
    name = folder.write(COUNTED)
    folder.write("[tool.raddle]\nrace = true\n", "pyproject.toml")
    assert names(folder.run(*RADDLE, name)) == ["update Stats.hits"]
    assert names(folder.run(*RADDLE, name, env=environment(RADDLE_RACE="0"))) == []
    folder.write('[tool.raddle]\nrace = ["json"]\nknown-races = ["Stats.*"]', "pyproject.toml")
    assert names(folder.run(*RADDLE, name)) == []


@needs_races
def test_orders_and_a_profile_are_seen_besides(folder):
    code = f"""{COUNTED}
one = threading.Lock()
other = threading.Lock()
with one, other: pass
with other, one: pass
"""
    done = folder.run(*RADDLE, "--race", "--check", "--profile", folder.write(code))
    assert told(done.stderr)[0][0][0] == "update Stats.hits"
    assert "raddle: lock order: other and one are taken in different orders" in done.stderr
    assert "Never waited for: " in done.stderr and done.returncode == 0


MEANT = {
    "0": "off",
    "1": "races are looked for in the program's own code",
    "json,strict": "races are looked for in the program's own code and in json, and all "
    "accesses that are not ordered are told",
}


@needs_races
@pytest.mark.parametrize("word", MEANT)
def test_the_doctor_says_what_the_variables_mean(folder, word):
    env = environment(RADDLE_RACE=word, RADDLE_KNOWN_RACES="a,b")
    done = folder.run(*PLAIN, "-m", "raddle", "doctor", env=env)
    assert f"RADDLE_RACE={word}  ({MEANT[word]})" in done.stdout
    assert "RADDLE_KNOWN_RACES=a,b  (2 known races)" in done.stdout
    env = environment(RADDLE_RACE="nosuchpackage")
    done = folder.run(*PLAIN, "-m", "raddle", "doctor", "--json", env=env)
    assert [each["what"] for each in json.loads(done.stdout)["problems"]] == [
        "RADDLE_RACE=nosuchpackage: there is no package 'nosuchpackage' to look at for races"
    ]


# What is refused


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["run", "--rase", "app.py"], "run has no option '--rase'; did you mean --race?"),
        (["run", "--known-race=x", "app.py"], "did you mean --known-races?"),
        (["--race", "app.py"], "did you mean `raddle run --race app.py`?"),
        (["run", "-O", "--race", "app.py"], "--race comes before the options for Python"),
    ],
)
def test_what_was_meant_is_said(folder, words, meant):
    done = folder.run(*PLAIN, "-m", "raddle", *words)
    assert done.returncode == 2 and meant in done.stderr.splitlines()[0]


@needs_races
@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("nosuchpackage", "there is no package 'nosuchpackage' to look at for races"),
        ("json,no.such", "there is no package 'no.such' to look at for races"),
        ("json.nothing", "there is no package 'json.nothing' to look at for races"),
        ("no-such", "'no-such' is not the name of a package, nor strict"),
        ("json,", "'' is not the name of a package, nor strict"),
        ("1x", "'1x' is not the name of a package, nor strict"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(folder, word, why):
    done = folder.run(*RADDLE, f"--race={word}", "-c", "print('ran')")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"raddle: {why}\n")


@needs_races
def test_a_flag_that_names_nothing_is_refused_and_one_can_say_no(folder):
    done = folder.run(*RADDLE, "--race=", "-c", "print('ran')")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith('raddle: --race= has names of packages, or "strict"\n')
    off = folder.run(
        *RADDLE, "--race=0", folder.write(COUNTED), env=environment(RADDLE_RACE="1")
    )
    assert (off.returncode, off.stderr) == (0, "")


SLOTS = "import sys; sys.monitoring.use_tool_id(3, 'one'); sys.monitoring.use_tool_id(4, 'two')"


@needs_races
def test_tools_that_have_the_slots_are_named(folder):
    """They take them before the program: in a .pth file, which is read in order of its name."""
    folder.write(
        f"{SLOTS}\nimport runpy, os\nsys.path.insert(0, os.getcwd())\n"
        "os.environ['RADDLE_RUN'] = str(os.getpid())\n"
        "import raddle._install.startup\nprint('ran')\n"
    )
    done = folder.run(*PLAIN, "app.py", env=environment(RADDLE_RACE="1"))
    why = (
        "raddle: races cannot be looked for: 'one' and 'two' use the slots of sys.monitoring "
        "that are left\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", why)


@needs_races
def test_configure_refuses_at_once_where_the_slots_are_taken(folder):
    code = f"""
{SLOTS}
import raddle
try:
    raddle.configure(race=True)
except RuntimeError as error:
    print(error)
sys.monitoring.free_tool_id(3)
raddle.configure(race=True)
print(sys.monitoring.get_tool(3), sys.monitoring.get_tool(4))
"""
    assert folder.run(*PLAIN, folder.write(code)).stdout == (
        "races cannot be looked for: 'one' and 'two' use the slots of sys.monitoring that are "
        "left\nraddle --race two\n"
    )


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="races are looked for from 3.12 on")
def test_an_old_python_refuses(folder):
    why = "races are looked for from Python 3.12 on, and this is 3.11"
    for option in ("--race", "--race=json", "--race=strict"):
        done = folder.run(*RADDLE, option, "-c", "print('ran')")
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"raddle: {why}\n")
    env = environment(RADDLE="1", RADDLE_RACE="1")  # A child of another Python, perhaps.
    done = folder.run(*PLAIN, "-c", "print('ran')", env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ran\n", f"raddle: {why}\n")
    code = "import raddle\ntry: raddle.configure(race=True)\nexcept RuntimeError as e: print(e)"
    assert folder.run(*PLAIN, "-c", code).stdout == f"{why}\n"


# configure()


def _error(call, **arguments):
    try:
        call(**arguments)
    except (TypeError, ValueError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"
    return None


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"race": 1}, "TypeError: race is True, False, packages or 'strict', not int"),
        ({"race": None}, "TypeError: race is True, False, packages or 'strict', not NoneType"),
        ({"race": ["a"]}, "TypeError: race is True, False, packages or 'strict', not list"),
        ({"race": ""}, "ValueError: '' is not the name of a package, nor strict"),
        ({"race": "a b"}, "ValueError: 'a b' is not the name of a package, nor strict"),
        (
            {"known_races": "x"},
            "TypeError: known_races is a list of patterns such as 'bank.py:12', not a str",
        ),
        ({"known_races": 1}, "TypeError: known_races is a list of patterns, not int"),
        ({"known_races": [1]}, "TypeError: known_races has patterns, not int"),
    ],
)
def test_configure_takes_nothing_else(arguments, error):
    import raddle

    assert _error(raddle.configure, **arguments) == error


@needs_races
def test_configure_changes_nothing_if_a_part_is_wrong(folder):
    code = """
import raddle, sys
try:
    raddle.configure(race=True, known_races=1)
except TypeError:
    pass
try:
    raddle.configure(known_races=["*"], race="nosuchpackage")
except ValueError as error:
    print(error)
print(sys.monitoring.get_tool(4))
from raddle._diagnose.race import told
print(told._known)
"""
    assert folder.run(*PLAIN, folder.write(code)).stdout == (
        "there is no package 'nosuchpackage' to look at for races\nNone\n()\n"
    )


CONFIGURED = """
import raddle, sys
raddle.install()
import threading, types

SOURCE = '''
class {0}:
    hits = 0
def count():
    {0}.hits += 1
'''

def hits(name):
    names = {{}}
    exec(compile(SOURCE.format(name), __file__, "exec"), names)
    threads = [threading.Thread(target=names["count"]) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return [race.name for race in raddle.races()]

print(hits("Before"))
raddle.configure(race=True)
print(hits("On"))
raddle.configure(known_races=["Kn*"])
print(hits("Known"))
raddle.configure(race=False)
print(hits("Off"), sys.monitoring.get_tool(4))
raddle.configure(race="strict,json", known_races=[])
print(hits("Again"))
"""


@needs_races
def test_configure_switches_it_on_and_off(folder):
    done = folder.run(*PLAIN, folder.write(CONFIGURED.replace("{{}}", "{}")))
    assert done.stdout.splitlines() == [
        "[]",
        "['On.hits']",
        "['On.hits']",
        "['On.hits'] None",
        "['On.hits', 'Again.hits']",
    ]
    assert names(done) == ["update On.hits", "update Again.hits"]


def test_no_race_is_known_where_none_was_looked_for(folder):
    name = folder.write(f"{COUNTED}\nimport raddle\nprint(raddle.races())")
    assert folder.run(*RADDLE, name).stdout == "[]\n"
