"""`pytest --raddle-race`: a race fails the test that made it, in whichever phase."""

import pytest
from raddle._diagnose.race import settings

pytest_plugins = "pytester"
pytestmark = pytest.mark.raddle_only
needs_races = pytest.mark.skipif(settings.refusal() is not None, reason=str(settings.refusal()))

RUN = """
    import pytest, threading

    class Stats:
        hits = misses = 0

    def hit():
        Stats.hits += 1

    def miss():
        Stats.misses += 1

    def run(target):
        threads = [threading.Thread(target=target) for _ in range(2)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
"""
PHASES = f"""{RUN}
    @pytest.fixture
    def early():
        run(hit)

    @pytest.fixture
    def late():
        yield
        run(miss)

    def test_before():
        pass

    def test_setup(early):
        pass

    def test_teardown(late):
        pass

    def test_after():
        pass
"""
CALL = f"""{RUN}
    def test_before():
        pass

    def test_race():
        run(hit)

    def test_after():
        pass
"""


@needs_races
def test_a_race_fails_the_test_that_made_it_with_the_report(suite):
    done = suite(CALL, "--raddle-race", "test_app.py")
    done.assert_outcomes(passed=2, failed=1)
    text = done.stdout.str()
    assert "FAILED test_app.py::test_race" in text
    assert "raddle: race: Stats.hits: an update can be lost" in text
    assert "test_app.py:7 in hit" in text
    done.stdout.fnmatch_lines(["raddle: *, deadlocks and races are failures"])


@needs_races
@pytest.mark.parametrize("mark", ["", "@pytest.mark.raddle_expected"])
def test_each_test_has_its_own_race_of_the_same_lines(suite, mark):
    code = f"""{RUN}
    {mark}
    def test_first():
        run(hit)

    def test_second():
        run(hit)
"""
    done = suite(code, "--raddle-race")
    done.assert_outcomes(passed=1 if mark else 0, failed=1 if mark else 2)
    assert "::test_second" in done.stdout.str().partition("short test summary")[2]


@needs_races
def test_a_race_in_a_fixture_fails_that_phase(suite):
    done = suite(PHASES, "--raddle-race")
    done.assert_outcomes(passed=3, errors=2)
    text = done.stdout.str()
    assert "ERROR at setup of test_setup" in text and "race: Stats.hits" in text
    assert "ERROR at teardown of test_teardown" in text and "race: Stats.misses" in text


@needs_races
def test_each_process_of_xdist_looks_for_races(suite):
    pytest.importorskip("xdist")
    done = suite(PHASES, "--raddle-race", "-n2")
    done.assert_outcomes(passed=3, errors=2)
    assert "raddle: race: Stats.hits: an update can be lost" in done.stdout.str()


@needs_races
def test_the_other_promises_of_the_plugin_hold_too(suite):
    done = suite(
        """
        import threading

        def test_twice():
            lock = threading.Lock()
            with lock, lock:
                pass
        """,
        "--raddle-race",
    )
    done.assert_outcomes(failed=1)
    assert "raddle: deadlock: MainThread waits for itself" in done.stdout.str()


def test_without_the_option_no_race_is_looked_for(suite):
    suite(CALL, "--raddle").assert_outcomes(passed=3)


@needs_races
@pytest.mark.parametrize(
    ("mark", "outcomes"),
    [
        ("raddle_expected", {"passed": 3}),
        ("xfail(strict=True)", {"passed": 2, "xfailed": 1}),
    ],
)
def test_a_race_that_is_expected_can_be_said(suite, mark, outcomes):
    code = CALL.replace("    def test_race", f"    @pytest.mark.{mark}\n    def test_race")
    suite(code, "--raddle-race", "--strict-markers").assert_outcomes(**outcomes)


@needs_races
def test_known_races_are_an_ini_option_and_a_setting(suite, pytester):
    pytester.makeini("[pytest]\nraddle_known_races =\n    nothing\n    Stats.*\n")
    suite(CALL, "--raddle-race").assert_outcomes(passed=3)
    pytester.makeini("[pytest]\n")
    pytester.makepyprojecttoml('[tool.raddle]\nrace = true\nknown-races = ["test_app.py:7"]')
    suite(CALL, "--raddle").assert_outcomes(passed=3)
    pytester.makepyprojecttoml("[tool.raddle]\nrace = true\n")
    suite(CALL, "--raddle").assert_outcomes(passed=2, failed=1)


@needs_races
def test_packages_can_be_looked_at_too(suite, pytester, monkeypatch):
    library = pytester.mkdir("site-packages")
    (library / "counted.py").write_text("n = 0\ndef hit():\n    global n\n    n += 1\n")
    monkeypatch.setenv("PYTHONPATH", str(library))
    code = f"{RUN}\n    import counted\n    def test_race():\n        run(counted.hit)\n"
    suite(code, "--raddle-race").assert_outcomes(passed=1)
    done = suite(code, "--raddle-race-in=counted")
    done.assert_outcomes(failed=1)
    assert "raddle: race: n in counted.py: an update can be lost" in done.stdout.str()


@needs_races
@pytest.mark.parametrize("source", ["RADDLE_RACE", "[tool.raddle] race"])
def test_what_said_a_wrong_word_is_named(suite, pytester, monkeypatch, source):
    if source == "RADDLE_RACE":
        monkeypatch.setenv("RADDLE_RACE", "nosuchpackage")
    else:
        pytester.makepyprojecttoml('[tool.raddle]\nrace = ["nosuchpackage"]')
    done = suite(CALL, "--raddle")
    why = "there is no package 'nosuchpackage' to look at for races"
    assert f"ERROR: {source}: {why}\n" in done.stderr.str()


@needs_races
def test_a_package_that_is_not_there_is_a_wrong_use(suite):
    done = suite(CALL, "--raddle-race-in=nosuchpackage")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "there is no package 'nosuchpackage' to look at for races" in done.stderr.str()


@pytest.mark.skipif(settings.refusal() is None, reason="races are looked for here")
def test_an_old_python_refuses(suite):
    done = suite(CALL, "--raddle-race")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: --raddle-race: {settings.refusal()}\n" in done.stderr.str()
