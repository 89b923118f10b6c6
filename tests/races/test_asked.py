"""The ways to ask for the check: flags, settings, variables; which code it is of; refusals."""

import json
import sys

import pytest
from programs import PLAIN, RADDLE, environment
from races import COUNTED, RACE, names, told
from raddle._diagnose.race import names as called
from raddle._diagnose.race import settings

pytestmark = pytest.mark.raddle_only
needs_races = pytest.mark.skipif(settings.refusal() is not None, reason=str(settings.refusal()))

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


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("a", '"a"'),
        ("it's", '"it\'s"'),
        ('say "a"', "'say \"a\"'"),
        (b"a", "b'a'"),
        (-1.5, "-1.5"),
        (True, "True"),
        (None, "None"),
        (("a", 1), '"a", 1'),
        (10**30, "1" + "0" * 30),
        (1 << 20_000, "0x1" + "0" * 34 + "..."),
        ("x" * 50, '"' + "x" * 36 + "..."),
        (object(), "a object"),
    ],
    ids=range(12),
)
def test_a_key_is_shown(key, text):
    assert called.shown(key) == text


# While code is looked at

AGAIN = """
import os, sys, threading
from raddle._diagnose.race import watch

def one(): pass
def two(): pass

one()
seen, plain = [], watch._look_at
def look_at(code):
    seen.append(code.co_name)
    plain(code)
watch._look_at = look_at

def start_again():
    sys.monitoring.restart_events()
    one(), two(), two()
    return seen
"""
FORKED = f"""{AGAIN}
if not (child := os.fork()):
    print(start_again())
    sys.stdout.flush()
    os._exit(0)
os.waitpid(child, 0)
"""
ALONE = f"""{AGAIN}
print(start_again())
"""


@needs_races
@pytest.mark.parametrize("code", [ALONE, FORKED], ids=["alone", "forked"])
def test_what_was_looked_at_is_not_looked_at_again(folder, code):
    done = folder.run(*RACE, folder.write(code))
    assert (done.stdout, done.stderr) == ("['start_again', 'two']\n", "")


WAITED = """
import threading
from raddle._diagnose.race import watch

plain = watch._look_at
def look_at(code):
    if code.co_name == "slow":
        other = threading.Thread(target=slow)
        other.start()
        other.join()
    plain(code)

def slow():
    print("ran")

watch._look_at = look_at
slow()
"""


@needs_races
def test_nobody_waits_for_ever_for_a_look(folder):
    done = folder.run(*RACE, folder.write(WAITED))
    assert (done.stdout, done.stderr) == ("ran\nran\n", "")


MANY = """
import threading
from raddle._diagnose.race import watch

def each(at): return at
start = threading.Barrier(20)
def run(at):
    start.wait()
    return each(at)
threads = [threading.Thread(target=run, args=[at]) for at in range(20)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print({name: count for (_, name, _), count in list(watch._made.items())}["each"])
"""


@needs_races
def test_code_counts_once_however_many_threads_start_it(folder):
    done = folder.run(*RACE, folder.write(MANY))
    assert (done.stdout, done.stderr) == ("1\n", "")


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
for slot in (3, 4):
    sys.monitoring.use_tool_id(slot, "mine")
try:
    raddle.configure(known_races=["*"], race=True, on_deadlock="ignore")
except RuntimeError as error:
    print(error)
from raddle._diagnose import deadlock
from raddle._diagnose.race import told
print(told._known, deadlock.action())
"""
    assert folder.run(*PLAIN, folder.write(code)).stdout == (
        "there is no package 'nosuchpackage' to look at for races\n"
        "None\n"
        "races cannot be looked for: 'mine' and 'mine' use the slots of sys.monitoring that "
        "are left\n"
        "() report\n"
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


@needs_races
def test_an_iterator_that_is_asked_for_its_iterator_proves_nothing_wrong(folder):
    # (From 3.13.1 on, a comprehension does so.)
    done = folder.run(
        *PLAIN,
        folder.write(
            """
            import raddle
            from raddle._diagnose.race import watch

            asks = "    for each in iter(box): pass\\n    return found"
            watch._PROOF = watch._PROOF.replace("    return found", asks)
            raddle.configure(race=True)
            print(watch._PROOF.count(asks))
            """
        ),
    )
    assert (done.stdout, done.returncode) == ("1\n", 0), done.stderr


def test_no_race_is_known_where_none_was_looked_for(folder):
    name = folder.write(f"{COUNTED}\nimport raddle\nprint(raddle.races())")
    assert folder.run(*RADDLE, name).stdout == "[]\n"
