"""gevent and eventlet, which replace threading too: raddle steps aside, or says what to do."""

import importlib.util
import sys
import textwrap

import pytest

pytestmark = pytest.mark.filterwarnings("ignore")

PATCH = {
    "gevent": "from gevent import monkey; monkey.patch_all()",
    "eventlet": "import eventlet; eventlet.monkey_patch()",
}
IMPORT = {"gevent": "from gevent import monkey", "eventlet": "import eventlet"}
CALL = {"gevent": "monkey.patch_all()", "eventlet": "eventlet.monkey_patch()"}

ASIDE = (
    "raddle steps aside: {} replaces threading with green threads, and the program goes on "
    "without raddle. Start it without raddle to be rid of this line."
)
REFUSED = (
    "{} cannot be used: {} has replaced threading with green threads. A program can have one "
    "of the two: leave out raddle, or {}."
)

WORK = textwrap.dedent(
    """
    import queue, threading, time
    from concurrent.futures import ThreadPoolExecutor

    # 20 green threads that sleep at the same time, and switch while they do.
    order = []
    def work(number):
        order.append(number)
        time.sleep(0.001)
        order.append(number)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for each in threads: each.start()
    for each in threads: each.join()
    assert sorted(order) == sorted([*range(20), *range(20)])

    items, got = queue.Queue(2), []
    def take():
        while (item := items.get()) is not None: got.append(item)
    taker = threading.Thread(target=take); taker.start()
    for number in range(50): items.put(number)
    items.put(None); taker.join()
    assert got == list(range(50))

    event = threading.Event()
    threading.Timer(0.001, event.set).start()
    assert event.wait(60)
    with ThreadPoolExecutor(4) as executor:
        assert list(executor.map(abs, range(-20, 0))) == list(range(20, 0, -1))
    lock = threading.RLock()
    with lock, lock: pass
    print("worked")
    """
)
BEFORE = WORK.partition("event =")[0]  # what works as well while threads are not green


@pytest.fixture(params=["gevent", "eventlet"])
def package(request):
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return request.param


@pytest.fixture
def program(child):
    """Run a program; return what it printed, and its warnings that speak of raddle."""

    def run(code, *flags, **environment):
        done = child(code, *flags, prelude="", env=environment, check=False)
        assert done.returncode == 0, done.stderr
        said = [line for line in done.stderr.splitlines() if "raddle" in line]
        return done.stdout, said

    return run


@pytest.mark.parametrize("way", ["RADDLE=1", "install", "run"])
@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
def test_raddle_steps_aside_for_who_patches(program, package, way, used):
    code = "import raddle; raddle.install()\n" if way == "install" else ""
    if used:
        code += f"import logging, sys\n{BEFORE}\nassert 'raddle._raddle' in sys.modules\n"
    code += f"{PATCH[package]}\n{WORK}\nimport raddle; print(raddle.installed())"
    environment = {} if way == "install" else {"RADDLE": "1"}
    if way == "run":
        command = f'[sys.executable, "-m", "raddle", "run", "-c", {code!r}]'
        code, environment = f"import subprocess, sys; sys.exit(subprocess.call({command}))", {}
    out, said = program(code, **environment)
    assert out == "worked\nFalse\n"
    assert len(said) == 1 and said[0].endswith(ASIDE.format(package))
    assert said[0].startswith("<string>:"), "the line of the program that patches"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="races are looked for from 3.12 on")
def test_no_race_is_looked_for_among_green_threads(program, package):
    code = f"""import sys
{PATCH[package]}
import threading
hits = 0
def hit():
    global hits
    hits += 1
threads = [threading.Thread(target=hit) for _ in range(3)]
for each in threads: each.start()
for each in threads: each.join()
print(hits, sys.modules["raddle._diagnose.race.watch"].is_on())
"""
    out, said = program(code, RADDLE="1", RADDLE_RACE="1")
    assert out == "3 False\n"
    assert len(said) == 1 and said[0].endswith(ASIDE.format(package))


def test_what_was_imported_and_not_patched_stays_on_raddle(program, package):
    code = f"""{PATCH[package].partition(";")[0]}
import threading, raddle
assert raddle.installed() and type(threading.Lock()).__module__ == "_thread"
assert threading.Event is __import__("raddle.threading").threading.Event
ran = []
thread = threading.Thread(target=ran.append, args=(1,)); thread.start(); thread.join()
print(ran)
"""
    assert program(code, RADDLE="1") == ("[1]\n", [])


def test_raddle_steps_aside_if_it_was_installed_between_import_and_patch(program, package):
    code = f"{IMPORT[package]}\nimport raddle; raddle.install()\n{CALL[package]}\n{WORK}"
    out, said = program(code)
    assert out == "worked\n" and len(said) == 1 and ASIDE.format(package) in said[0]


def test_an_installed_raddle_leaves_eventlets_own_threads_green(program):
    """eventlet runs copies of `threading` and others upon its own `_thread`."""
    pytest.importorskip("eventlet")
    code = """import raddle; raddle.install()
import eventlet, threading
from eventlet.green import threading as green
order, where = [], set()
def work(number):
    order.append(number); eventlet.sleep(0); order.append(number)
    where.add(threading.get_native_id())
threads = [green.Thread(target=work, args=(number,)) for number in range(5)]
for each in threads: each.start()
for each in threads: each.join()
assert sorted(order) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
assert where == {threading.get_native_id()}
from eventlet import tpool
assert tpool.execute(threading.get_ident) != threading.get_ident()
print(raddle.installed())
"""
    assert program(code) == ("True\n", [])


@pytest.mark.parametrize(
    "use, what",
    [
        ("raddle.install()", "raddle.install()"),
        ("import raddle.threading", "raddle.threading"),
        ("import raddle.queue", "raddle.queue"),
        ("import raddle.futures", "raddle.threading"),
        ("raddle.map(abs, [1])", "raddle.map() and raddle.Pool"),
        ("raddle.Pool(2)", "raddle.map() and raddle.Pool"),
    ],
)
def test_what_is_of_no_use_with_green_threads_says_so(program, package, use, what):
    code = f"""{PATCH[package]}
import raddle
try:
    {use}
except ImportError as error:
    print(error)
"""
    out, _ = program(code + WORK)
    call = {"gevent": "gevent.monkey.patch_all()", "eventlet": "eventlet.monkey_patch()"}
    assert out == REFUSED.format(what, package, call[package]) + "\nworked\n"


def test_the_start_of_programs_imports_nothing_for_this(program):
    code = "import sys; print(*{'functools', 'threading', 'raddle._raddle'} & {*sys.modules})"
    assert program(code, RADDLE="1") == ("\n", [])
