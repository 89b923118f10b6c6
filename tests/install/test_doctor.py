"""`raddle doctor`: what is broken comes first, with what mends it; then what is so."""

import json
import os
import platform
import re
import shutil
import sys
from importlib.util import find_spec

import pytest
from environments import PACKAGE, PTH, Environment, has_startup, put
from programs import environment

pytestmark = pytest.mark.raddle_only

DOCTOR = [sys.executable, "-m", "raddle", "doctor"]


def told(done):
    """Return what the doctor says as JSON; its exit code has to say the same."""
    found = json.loads(done.stdout)
    assert (done.returncode, found["ok"]) == ((1, False) if found["problems"] else (0, True))
    assert done.stderr == ""
    return found


def whats(rows):
    return [row["what"] for row in rows]


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return Environment(tmp_path_factory.mktemp("empty") / "env")


# Where all is well


def test_what_is_installed_and_in_force(folder):
    import raddle

    found = told(folder.run(*DOCTOR, "--json"))
    assert found["raddle"]["version"] == raddle.__version__
    assert found["python"]["version"] == platform.python_version()
    assert found["python"]["gil"] == getattr(sys, "_is_gil_enabled", lambda: True)()
    assert found["cores"]["count"] == raddle.cores()
    assert found["extension"]["works"] is True
    assert os.path.samefile(PACKAGE / found["extension"]["file"], raddle._raddle.__file__)
    assert found["start_up"]["environment_variable_works"] == has_startup()
    assert found["threading"]["patched_by"] == {}
    assert found["variables"] == {"set": []}
    assert {each["from"] for each in found["settings"]["settings"]} == {"the default"}


def test_a_tired_person_reads_first_that_all_is_well(folder):
    if not has_startup():
        pytest.skip("RADDLE=1 does nothing for this interpreter")
    done = folder.run(*DOCTOR)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("raddle: all is well\n")
    names = re.findall(r"^(\S+) {2,}", done.stdout, re.M)
    order = "raddle python cores extension start-up variables threading settings extras dump"
    assert " ".join(names) == order


def test_an_extra_that_is_missing_has_its_line(folder):
    found = told(folder.run(*DOCTOR, "--json"))["extras"]
    if not found:
        pytest.skip("raddle's metadata is not installed")
    assert sorted(found) == ["cluster", "processes", "progress"]
    for extra, row in found.items():
        names = [each["name"] for each in row["packages"]]
        assert row["present"] == all(find_spec(name) is not None for name in names)
        if not row["present"]:
            assert row["install"].endswith(f"install 'raddle[{extra}]'")


def test_constants_that_threads_contend_for_are_worth_knowing_without_a_gil(folder):
    with_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    for word, is_told in (("", False), ("1", not with_gil)):
        env = environment(PYTHONDONTWRITEBYTECODE=word)
        found = told(folder.run(*DOCTOR, "--json", env=env))
        notes = [each for each in whats(found["notes"]) if ".pyc" in each]
        assert bool(notes) == is_told


# What is broken


def test_an_extension_for_another_interpreter(empty, tmp_path):
    leave_out = shutil.ignore_patterns("_raddle.*.so", "__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "raddle", ignore=leave_out)
    (tmp_path / "raddle" / "_raddle.cpython-30-other.so").touch()
    done = empty.raddle("doctor", "--json", PYTHONPATH=str(tmp_path))
    found = told(done)
    (row,) = [each for each in found["problems"] if each["about"] == "extension"]
    assert row["what"].startswith("the extension is not built for this interpreter (")
    assert "_raddle.cpython-30-other.so" in row["what"]
    assert row["cure"].endswith("install --force-reinstall raddle")
    text = empty.raddle("doctor", PYTHONPATH=str(tmp_path)).stdout
    assert re.match(r"raddle: 1 thing is broken\n\n  the extension is not built", text)


def test_a_pth_file_that_is_missing_or_does_nothing(tmp_path):
    env = Environment(tmp_path / "env")
    put(env.site, pth=False)
    found = told(env.raddle("doctor", "--json"))
    told_of = "raddle_startup.pth is missing: RADDLE=1 does nothing, and says nothing"
    assert whats(found["problems"]) == [told_of]
    (env.site / "raddle_startup.pth").write_text("# import nothing\n")
    found = told(env.raddle("doctor", "--json"))
    assert whats(found["problems"]) == [told_of.replace("is missing", "does nothing")]
    (env.site / "raddle_startup.pth").unlink()
    (env.site / "raddle").unlink()
    put(env.site)
    assert told(env.raddle("doctor", "--json"))["start_up"]["in_force"] is True


def test_a_raddle_that_is_shadowed(tmp_path):
    env = Environment(tmp_path / "env")
    (env.site / "raddle" / "_install").mkdir(parents=True)
    (env.site / "raddle" / "__init__.py").touch()
    (env.site / "raddle" / "_install" / "startup.py").touch()
    (env.site / PTH.name).write_text(PTH.read_text())
    found = told(env.raddle("doctor", "--json", cwd=put(tmp_path / "mine", pth=False)))
    told_of = f"programs start on another raddle, {env.site / 'raddle'}, than this one, "
    assert [each.startswith(told_of) for each in whats(found["problems"])] == [True]


def test_variables_are_explained_and_unknown_ones_named(folder):
    variables = {
        "RADDLE_DUMP": "1",
        "RADDLE_LOCK_ORDER": "true",
        "RADDLE_ON_DEADLOK": "raise",
    }
    found = told(folder.run(*DOCTOR, "--json", env=environment(**variables)))
    rows = {row["name"]: row for row in found["variables"]["set"]}
    assert rows["RADDLE_DUMP"]["meaning"] == "they answer Ctrl-\\ and `raddle dump PID`"
    assert rows["RADDLE_DUMP"]["wrong"] is None
    assert rows["RADDLE_ON_DEADLOK"]["meaning"] is None
    assert "RADDLE_LOCK_ORDER is 1 or 0, not 'true': it is taken for 0" in whats(
        found["problems"]
    )
    note = "raddle reads no variable RADDLE_ON_DEADLOK; did you mean RADDLE_ON_DEADLOCK?"
    assert note in whats(found["notes"])


def test_a_wrong_variable_is_told_though_start_up_has_replaced_it(folder):
    if not has_startup():
        pytest.skip("RADDLE=1 does nothing for this interpreter")
    env = environment(RADDLE="1", RADDLE_ON_DEADLOCK="foo")
    found = json.loads(folder.run(*DOCTOR, "--json", env=env).stdout)
    rows = {row["name"]: row["value"] for row in found["variables"]["set"]}
    assert rows["RADDLE_ON_DEADLOCK"] == "foo"
    told_of = (
        "RADDLE_ON_DEADLOCK is one of report, raise, ignore, not 'foo': it is taken for report"
    )
    assert told_of in whats(found["problems"])


def test_each_variable_that_raddle_reads_is_known():
    from raddle._cli import variables

    root = PACKAGE.parents[1]
    if not (root / "crates").exists():
        pytest.skip("there is no checkout here")
    read = set()
    for path in [*PACKAGE.rglob("*.py"), *(root / "crates" / "raddle-py").rglob("*.rs")]:
        read.update(re.findall(r'"(RADDLE(?:_[A-Z]+)*)"', path.read_text()))
    assert read - {"RADDLE_"} <= {*variables.KNOWN, *variables.TESTS}


def test_a_wrong_table_is_a_problem_and_a_right_one_is_said(folder):
    folder.write("[tool.raddle]\non-deadlock = 'raise'\n", "pyproject.toml")
    found = told(folder.run(*DOCTOR, "--json", env=environment(RADDLE_KNOWN_ORDERS="a")))
    rows = {row["name"]: (row["value"], row["from"]) for row in found["settings"]["settings"]}
    path = str(folder.home / "pyproject.toml")
    assert rows["on-deadlock"] == ("raise", path)
    assert rows["known-orders"] == ("a", "RADDLE_KNOWN_ORDERS")
    assert rows["profile"] == (False, "the default")
    folder.write("[tool.raddle]\ndump = 1\n", "pyproject.toml")
    found = told(folder.run(*DOCTOR, "--json"))
    assert f"{path}: [tool.raddle] dump is true or false, not 1" in whats(found["problems"])


def test_a_folder_for_answers_that_others_may_enter(folder):
    user = os.geteuid()
    place = folder.home / f"raddle-{user}"
    place.mkdir(mode=0o755)
    env = environment(TMPDIR=str(folder.home))
    env.pop("XDG_RUNTIME_DIR", None)
    found = told(folder.run(*DOCTOR, "--json", env=env))
    told_of = (
        f"`raddle dump PID` gets no answer: {place} is not a private folder of user {user}"
    )
    assert told_of in whats(found["problems"])
    place.chmod(0o700)
    assert told(folder.run(*DOCTOR, "--json", env=env))["dump"]["folder"] == str(place)


# Where raddle is in a folder of PYTHONPATH


def test_a_folder_of_pythonpath_is_worth_knowing_and_broken_only_if_asked_for(empty, tmp_path):
    folder = put(tmp_path / "target")
    found = told(empty.raddle("doctor", "--json", PYTHONPATH=str(folder)))
    assert found["start_up"]["raddle_run_works"] and not found["start_up"]["in_force"]
    assert whats(found["notes"])[-1].startswith("RADDLE=1 does nothing here")
    found = told(empty.raddle("doctor", "--json", PYTHONPATH=str(folder), RADDLE="1"))
    assert whats(found["problems"])[-1].startswith("RADDLE=1 does nothing here")


# Who else has patched threading: real ones, where they are installed

PATCHERS = {
    "gevent": "from gevent import monkey; monkey.patch_all()",
    "eventlet": "import eventlet; eventlet.monkey_patch()",
    "ddtrace": "import ddtrace.auto",
    "opentelemetry": "from opentelemetry.instrumentation.threading import ThreadingInstrumentor"
    "; ThreadingInstrumentor().instrument()",
}
NEEDS = {"opentelemetry": "opentelemetry.instrumentation.threading"}


def has(name):
    try:
        return find_spec(NEEDS.get(name, name)) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("name", PATCHERS)
def test_who_has_patched_threading_is_named(folder, name):
    if not has(name):
        pytest.skip(f"{name} is not installed")
    code = (
        f"import threading, queue\n{PATCHERS[name]}\nfrom raddle._cli.doctor import examine\n"
    )
    done = folder.run(sys.executable, "-W", "ignore", "-c", code + "examine.main(True)")
    found = json.loads(done.stdout)
    assert name in found["threading"]["patched_by"], done.stdout
    green = name in ("gevent", "eventlet")
    assert ("green threads" in " ".join(whats(found["problems"]))) == green


def test_raddle_itself_is_nobody_else(folder):
    code = "import raddle; raddle.install(); import threading, queue, concurrent.futures\n"
    code += "from raddle._cli.doctor import patched; print(patched.replaced())"
    assert folder.run(sys.executable, "-c", code).stdout == "{}\n"


# The command


@pytest.mark.parametrize("word", ["--jsn", "app.py"])
def test_other_words_are_refused(folder, word):
    done = folder.run(*DOCTOR, word)
    assert done.returncode == 2
    told_of = f"raddle: doctor has no option {word!r}; did you mean --json?\n\nusage: "
    assert done.stderr.startswith(told_of)
