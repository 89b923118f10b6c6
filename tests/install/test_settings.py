"""[tool.raddle] in pyproject.toml: what `raddle run` and pytest make of it."""

import sys

import pytest
from programs import RADDLE, environment

pytestmark = pytest.mark.raddle_only
pytest_plugins = "pytester"

SHOW = "import os; print(*(os.environ.get('RADDLE_' + n) for n in {!r}.split()), sep='|')"
ACTION = SHOW.format("ON_DEADLOCK")
CHECKS = SHOW.format("LOCK_ORDER KNOWN_ORDERS DUMP")
ITSELF = """
import threading, raddle
lock = threading.Lock(); lock.acquire()
try:
    lock.acquire(timeout=60)
except raddle.DeadlockError:
    print("raised")
"""


def table(folder, text, name="pyproject.toml"):
    return folder.write(f"[tool.raddle]\n{text}\n", name)


# What counts


def test_a_table_says_what_a_flag_would(folder):
    table(folder, 'on-deadlock = "raise"')
    done = folder.run(*RADDLE, folder.write(ITSELF.replace("timeout=60", "")))
    assert (done.returncode, done.stdout, done.stderr) == (0, "raised\n", "")


@pytest.mark.parametrize("words", [["--on-deadlock=raise"], ["--on-deadlock", "raise"]])
def test_a_flag_says_what_is_done_about_a_deadlock(folder, words):
    done = folder.run(*RADDLE, *words, folder.write(ITSELF.replace("timeout=60", "")))
    assert (done.returncode, done.stdout, done.stderr) == (0, "raised\n", "")


def test_a_flag_goes_before_a_variable_and_that_before_the_table(folder):
    table(folder, 'on-deadlock = "raise"')
    variable = environment(RADDLE_ON_DEADLOCK="ignore")
    flag = ["--on-deadlock", "report"]
    assert folder.run(*RADDLE, "-c", ACTION).stdout == "raise\n"
    assert folder.run(*RADDLE, "-c", ACTION, env=variable).stdout == "ignore\n"
    assert folder.run(*RADDLE, *flag, "-c", ACTION, env=variable).stdout == "report\n"
    empty = environment(RADDLE_ON_DEADLOCK="")  # That says nothing.
    assert folder.run(*RADDLE, "-c", ACTION, env=empty).stdout == "raise\n"


def test_orders_and_dumps_are_settings_too(folder):
    table(folder, 'lock-order = true\nknown-orders = ["a", "bank.py:1?"]\ndump = true')
    assert folder.run(*RADDLE, "-c", CHECKS).stdout == "1|a,bank.py:1?|1\n"
    variable = environment(RADDLE_LOCK_ORDER="0")
    done = folder.run(*RADDLE, "--known-orders", "x,y", "-c", CHECKS, env=variable)
    assert done.stdout == "0|x,y|1\n"
    # (On Windows a variable that is empty is none.)
    none = "None" if sys.platform == "win32" else ""
    assert folder.run(*RADDLE, "--known-orders=", "-c", CHECKS).stdout == f"1|{none}|1\n"


def test_a_known_order_is_not_told(folder):
    name = folder.write(
        """
        import threading
        a, b = threading.Lock(), threading.Lock()
        with a, b: pass
        with b, a: pass
        """
    )
    assert "order" in folder.run(*RADDLE, "--check", name).stderr
    assert folder.run(*RADDLE, "--check", "--known-orders=app.py:3", name).stderr == ""
    table(folder, 'lock-order = true\nknown-orders = ["app.py:*"]')
    assert folder.run(*RADDLE, name).stderr == ""


def test_a_profile_is_written_beside_the_table(folder):
    table(folder, 'profile = "out.json"', "project/pyproject.toml")
    name = folder.write("import threading; threading.Lock()", "project/deep/app.py")
    assert folder.run(*RADDLE, name).returncode == 0
    assert (folder.home / "project" / "out.json").read_text().startswith("[")
    assert folder.run(*RADDLE, "--profile=mine.json", name).returncode == 0
    assert (folder.home / "mine.json").exists()


# Which file


def test_the_nearest_table_at_or_above_the_script_counts(folder):
    table(folder, 'on-deadlock = "raise"', "a/pyproject.toml")
    folder.write("[project]\nname = 'raddle-less'\n", "a/b/pyproject.toml")  # It has no table.
    table(folder, 'on-deadlock = "ignore"', "a/b/c/pyproject.toml")
    for name, word in (
        ("a/app.py", "raise"),
        ("a/b/app.py", "raise"),
        ("a/b/c/app.py", "ignore"),
    ):
        assert (
            folder.run(*RADDLE, "-X", "dev", folder.write(ACTION, name)).stdout == f"{word}\n"
        )
    assert folder.run(*RADDLE, folder.write(ACTION)).stdout == "None\n"
    (folder.home / "link.py").symlink_to("a/app.py")
    assert folder.run(*RADDLE, "link.py").stdout == "raise\n"


def test_a_module_is_run_from_the_current_folder(folder):
    table(folder, 'on-deadlock = "ignore"')
    folder.write(ACTION, "tool.py")
    assert folder.run(*RADDLE, "-um", "tool").stdout == "ignore\n"
    assert folder.run(*RADDLE, "-", text=ACTION).stdout == "ignore\n"


def test_a_file_that_says_nothing_of_raddle_need_not_be_right(folder):
    folder.write("this is no TOML", "pyproject.toml")
    assert folder.run(*RADDLE, "-c", ACTION).stdout == "None\n"


# What is wrong with it

WRONG = {
    'on-deadlock = "rais"': 'on-deadlock is one of "report", "raise", "ignore", not \'rais\'',
    "on-deadlock = true": 'on-deadlock is one of "report", "raise", "ignore", not true',
    'lock-order = "yes"': "lock-order is true or false, not 'yes'",
    "dump = 1": "dump is true or false, not 1",
    'known-orders = "a"': "known-orders is a list of texts, not 'a'",
    "known-orders = [1]": "known-orders is a list of texts, not [1]",
    'known-orders = ["a,b"]': "known-orders is a list of patterns without commas (write ? for "
    "one), not ['a,b']",
    "profile = 3": "profile is true, false or a file, not 3",
    "grace = -1": "grace is a number of seconds, 0 or more, not -1",
    "grace = true": "grace is a number of seconds, 0 or more, not true",
    "known-threads = {}": "known-threads is a list of texts, not {}",
    'on_deadlock = "raise"': "has no key 'on_deadlock'; did you mean on-deadlock?",
    "check = true": "has no key 'check'; did you mean lock-order?",
    "race = 1": 'race is true, false, "strict" or a list of packages, not 1',
    'race = "not a name"': 'race is true, false, "strict" or a list of packages, '
    "not 'not a name'",
    "race = []": 'race is true, false, "strict" or a list of packages, not []',
    'known-races = "a"': "known-races is a list of texts, not 'a'",
    "xyzzy = 1": "has no key 'xyzzy' (it has on-deadlock, lock-order, known-orders, profile, "
    "race, known-races, dump, grace, known-threads)",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_is_named_with_its_file_and_key(line, tmp_path):
    from raddle._cli import pyproject

    path = tmp_path / "pyproject.toml"
    path.write_text(f"[tool.raddle]\n{line}\n")
    with pytest.raises(pyproject.SettingsError) as error:
        pyproject.read(tmp_path)
    assert str(error.value) == f"{path}: [tool.raddle] {WRONG[line]}"


def test_a_program_does_not_run_on_a_wrong_table(folder):
    table(folder, "dump = 1")
    done = folder.run(*RADDLE, "-c", "print('ran')")
    assert (done.returncode, done.stdout) == (2, "")
    path = folder.home / "pyproject.toml"
    assert done.stderr == f"raddle: {path}: [tool.raddle] dump is true or false, not 1\n"


@pytest.mark.parametrize(
    "text", ["[tool.raddle\n", "[tool.raddle]\nprofile = \n", "[tool]\nraddle = 1\n"]
)
def test_a_file_that_cannot_be_read_is_named(folder, text):
    folder.write(text, "pyproject.toml")
    done = folder.run(*RADDLE, "-c", "print('ran')")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"raddle: {folder.home / 'pyproject.toml'}")


@pytest.mark.parametrize("words", [["--on-deadlock=rais", "x.py"], ["--on-deadlock"]])
def test_a_flag_that_says_nothing_is_refused(folder, words):
    done = folder.run(*RADDLE, *words)
    word = "rais" if words[1:] else ""
    assert done.returncode == 2
    told = f"raddle: --on-deadlock is one of report, raise, ignore, not {word!r}\n\nusage: "
    assert done.stderr.startswith(told)


# pytest

INVERSION = """
    import threading
    def test_orders():
        a, b = threading.Lock(), threading.Lock()
        with a, b: pass
        with b, a: pass
    """
LEAK = """
    import threading
    done = threading.Event()
    def test_leak():
        threading.Thread(target=done.wait, name="heart-1", daemon=True).start()
    """


def test_pytest_reads_the_table(suite, pytester):
    pytester.makepyprojecttoml(
        """
        [tool.raddle]
        known-orders = ["test_*:4"]
        grace = 0
        known-threads = ["brain-*"]
        """
    )
    done = suite(INVERSION + LEAK, "--raddle")
    done.assert_outcomes(passed=2, errors=1)
    done.stdout.fnmatch_lines(["raddle: 1 thread outlived *", "*heart-1*"])


def test_pytests_own_settings_go_before_the_table(suite, pytester):
    pytester.makepyprojecttoml(
        """
        [tool.raddle]
        known-orders = ["test_*:4"]
        known-threads = ["brain-*"]
        """
    )
    own = ("-o", "raddle_known_orders=nothing", "-o", "raddle_known_threads=heart-*")
    done = suite(INVERSION + LEAK, "--raddle", *own)
    done.assert_outcomes(passed=1, failed=1)


def test_pytest_refuses_a_wrong_table(suite, pytester):
    pytester.makepyprojecttoml("[tool.raddle]\nlock_order = 1\n")
    done = suite("def test_it(): pass", "--raddle")
    assert done.ret == 4
    done.stderr.fnmatch_lines(
        ["ERROR: *pyproject.toml: * has no key 'lock_order'; did you mean lock-order?"]
    )
