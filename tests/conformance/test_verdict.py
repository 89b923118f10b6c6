"""The conformance runner's reading and judging, on small captured logs."""

import pytest
import table
import waiver
from ending import EXITS, Outcome, collect, first_lines, read_blocks, read_log
from verdict import CROWD, MISSING, judge, rule, worse

OK, FAIL, SKIP = Outcome("ok"), Outcome("fail", "no"), Outcome("skip", "why")
ERROR, CRASH, HANG = Outcome("error"), Outcome("crash"), Outcome("hang")
ENDED, FAILED = Outcome("ok"), Outcome("fail", "exit 2")

LOG = """\
== CPU count: 2
0:00:00 load avg: 0.56 [1/1] test_sample
test_doc (test.test_sample.A.test_doc)
What it is about. ... ok
test_expected (test.test_sample.A.test_expected) ... expected failure
test_fail (test.test_sample.A.test_fail) ... FAIL
test_skip (test.test_sample.A.test_skip) ... skipped 'not here'
test_silent (test.test_sample.A.test_silent) ... skipped ''
setUpClass (test.test_sample.B) ... ERROR
test_sub (test.test_sample.C.test_sub) ... 
  test_sub (test.test_sample.C.test_sub) (i=1) ... FAIL
test_surprise (test.test_sample.C.test_surprise) ... unexpected success
test_write (test.test_sample.C.test_write) ... from a child
ok

======================================================================
ERROR: setUpClass (test.test_sample.B)
----------------------------------------------------------------------
OSError: no room

======================================================================
FAIL: test_fail (test.test_sample.A.test_fail)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/python/lib/test/test_sample.py", line 6, in test_fail
    self.fail("left != right")
AssertionError: left != right

======================================================================
FAIL: test_sub (test.test_sample.C.test_sub) (i=1)
----------------------------------------------------------------------
AssertionError: 1 == 1

----------------------------------------------------------------------
Ran 8 tests in 0.005s

FAILED (failures=2, errors=1, skipped=2)
"""
JUNIT = """<testsuites><testsuite>
<testcase name="test.test_sample.A.test_doc" status="run" />
<testcase name="test.test_sample.A.test_expected"><system-out /><output>no</output></testcase>
<testcase name="test.test_sample.A.test_fail"><failure>AssertionError: no</failure></testcase>
<testcase name="test.test_sample.A.test_skip"><skipped>not here</skipped></testcase>
<testcase name="test.test_sample.A.test_silent" status="run" />
<testcase />
<testcase name="test.test_sample.C.test_surprise"><outcome>UNEXPECTED</outcome></testcase>
<testcase name="test.test_sample.C.test_write" status="run" />
</testsuite></testsuites>"""
KINDS = {
    "test.test_sample.A.test_doc": "ok",
    "test.test_sample.A.test_expected": "expected",
    "test.test_sample.A.test_fail": "fail",
    "test.test_sample.A.test_skip": "skip",
    "test.test_sample.A.test_silent": "skip",
    "test.test_sample.B.setUpClass": "error",
    "test.test_sample.C.test_sub": "fail",
    "test.test_sample.C.test_surprise": "surprise",
    "test.test_sample.C.test_write": "ok",
}


def kinds(tests):
    return {test: result.kind for test, result in tests.items()}


def test_log_and_junit_together_name_every_outcome():
    found = collect(LOG, JUNIT, FAILED)
    assert kinds(found.tests) == KINDS
    assert found.tests["test.test_sample.A.test_skip"].detail == "not here"
    assert "1 == 1" in found.tests["test.test_sample.C.test_sub"].detail
    assert found.process == OK and not found.unfinished


def test_log_alone_names_every_outcome():
    assert kinds(collect(LOG, None, FAILED).tests) == KINDS


def test_a_test_without_result_takes_the_crash_upon_itself():
    log = LOG[: LOG.index("from a child")]
    found = collect(log, None, Outcome("crash", "SIGABRT"))
    assert found.tests["test.test_sample.C.test_write"] == Outcome("crash", "SIGABRT")
    assert found.tests["test.test_sample.A.test_fail"].kind == "fail"
    assert found.process == OK and found.unfinished


def test_a_crash_between_tests_is_the_process_own():
    log = LOG[: LOG.index("test_write")]
    found = collect(log, None, CRASH)
    assert found.process.kind == "crash" and found.unfinished
    assert "crash" not in kinds(found.tests).values()


def test_a_crash_at_exit_is_kept_though_every_test_passed():
    log = (
        "test_one (test.test_sample.A.test_one) ... ok\n\n" + "-" * 70 + "\nRan 1 test in 0.1s"
    )
    junit = '<testsuite><testcase name="test.test_sample.A.test_one" /></testsuite>'
    found = collect(log, junit, CRASH)
    assert kinds(found.tests) == {"test.test_sample.A.test_one": "ok"}
    assert found.process.kind == "crash" and not found.unfinished


def test_a_hang_is_blamed_on_the_last_started_test():
    found = collect(LOG[: LOG.index("ok\n")], None, HANG)
    assert kinds(found.tests) == {"test.test_sample.A.test_doc": "hang"}


def test_a_failed_import_is_the_process_own():
    found = collect("test test_sample crashed", None, FAILED)
    assert found.process.kind == "fail" and not found.tests and not found.unfinished


def test_accounts_that_disagree_on_the_number_of_tests_are_an_error():
    assert collect(LOG.replace("Ran 8", "Ran 9"), JUNIT, FAILED).process.kind == "error"


def test_a_result_missing_in_the_middle_is_an_error():
    log = "test_a (test.s.A.test_a) ... \ntest_b (test.s.A.test_b) ... ok\n"
    assert [kind and kind.kind for _, kind in read_log(log)] == [None, "ok"]
    assert kinds(collect(log, None, CRASH).tests)["test.s.A.test_a"] == "error"


def test_a_reason_with_quotes_is_read_whole():
    log = """test_a (test.s.A.test_a) ... skipped "it's off"\n"""
    assert read_log(log) == [("test.s.A.test_a", Outcome("skip", "it's off"))]


def test_blocks_fold_subtests_into_their_test():
    block = "=" * 70 + "\nFAIL: test_a (test.s.A.test_a) (i={})\n" + "-" * 70 + "\nboom {}\n\n"
    found = read_blocks(block.format(1, 1) + block.format(2, 2) + "-" * 70 + "\n")
    assert list(found) == ["test.s.A.test_a"] and "boom 1" in found["test.s.A.test_a"].detail


def test_first_lines_show_the_place_and_what_the_child_wrote():
    text = 'Traceback (most recent call last):\n  File "/l/test/test_a.py", line 3, in f\n'
    text += (
        "    x\nAssertionError: code 1\ncommand line: ['python']\nstdout:\n---\nstderr:\n---\n"
    )
    shown = first_lines(Outcome("fail", text + "ImportError: gone\n---\n"))
    assert shown[0] == 'File "/l/test/test_a.py", line 3, in f'
    assert "AssertionError: code 1" in shown and "ImportError: gone" in shown
    assert not any("command line" in line for line in shown)


def test_exit_statuses_that_regrtest_does_not_use_are_none_of_ours():
    assert set(EXITS) == {0, 2, 3, 4}


@pytest.mark.parametrize(
    ("stock", "raddle", "answer"),
    [
        (OK, OK, False),
        (OK, FAIL, True),
        (OK, ERROR, True),
        (OK, SKIP, True),
        (OK, MISSING, True),
        (OK, CRASH, True),
        (OK, HANG, True),
        (OK, Outcome("surprise"), True),
        (OK, Outcome("altered"), True),
        (SKIP, SKIP, False),
        (SKIP, MISSING, True),
        (SKIP, FAIL, True),
        (SKIP, OK, False),
        (FAIL, FAIL, False),
        (FAIL, ERROR, False),
        (FAIL, OK, False),
        (FAIL, SKIP, True),
        (FAIL, MISSING, True),
        (FAIL, HANG, True),
        (CRASH, FAIL, False),
        (CRASH, HANG, False),
        (MISSING, FAIL, True),
        (MISSING, SKIP, False),
        (MISSING, OK, False),
    ],
)
def test_worse_is_only_what_stock_does_better(stock, raddle, answer):
    assert worse(stock, raddle) is answer


@pytest.mark.parametrize(
    ("runs", "company", "ruling"),
    [
        ([(OK, OK)], None, "same"),
        ([(FAIL, OK)], None, "better"),
        ([(SKIP, SKIP)], None, "same"),
        ([(OK, FAIL)], None, "different"),
        ([(OK, FAIL), (OK, FAIL)], None, "different"),
        ([(OK, FAIL), (OK, OK), (OK, FAIL)], None, "different"),
        ([(OK, FAIL), (OK, OK), (OK, OK)], OK, "flaky"),
        ([(OK, FAIL), (OK, OK), (OK, OK)], FAIL, "different"),
        ([(OK, FAIL), (OK, OK), (OK, OK)], MISSING, "different"),
        ([(OK, FAIL), (FAIL, FAIL), (FAIL, FAIL)], OK, "stock flaky"),
        ([(OK, FAIL), (FAIL, FAIL), (OK, FAIL)], None, "different"),
        ([(FAIL, FAIL), (FAIL, FAIL), (FAIL, FAIL)], None, "same"),
        ([(FAIL, FAIL), (OK, OK), (OK, OK)], None, "stock flaky"),
        ([(FAIL, FAIL), (OK, FAIL)], None, "different"),
        ([(OK, CRASH)], OK, "flaky"),
        ([(OK, CRASH)], CRASH, "different"),
    ],
)
def test_a_raddle_failure_that_repeats_is_never_hidden(runs, company, ruling):
    assert rule("t", runs, company).ruling == ruling


def rulings(verdicts):
    return {verdict.test: verdict.ruling for verdict in verdicts}


def test_only_doubtful_tests_are_run_again():
    asked = []

    def alone(test):
        asked.append(test)
        return OK, FAIL

    stock = {"a": OK, "b": OK, "c": SKIP, "d": FAIL}
    raddle = {"a": OK, "b": FAIL, "c": SKIP, "d": OK}
    found = rulings(judge(stock, raddle, alone, dict))
    assert asked == ["b"]
    assert found == {"a": "same", "b": "different", "c": "same", "d": "better"}


def test_a_failure_that_needs_company_is_found_by_the_second_run_of_the_module():
    found = judge({"a": OK}, {"a": FAIL}, lambda test: (OK, OK), lambda: {"a": FAIL})
    assert rulings(found) == {"a": "different"}
    found = judge({"a": OK}, {"a": FAIL}, lambda test: (OK, OK), lambda: {"a": OK})
    assert rulings(found) == {"a": "flaky"}


def test_a_second_run_that_yields_nothing_clears_nobody():
    found = judge({"a": OK}, {"a": FAIL}, lambda test: (OK, OK), dict)
    assert rulings(found) == {"a": "different"}


def test_the_process_is_checked_by_the_module_and_never_alone():
    def alone(test):
        raise AssertionError(test)

    found = judge({"m": OK}, {"m": CRASH}, alone, lambda: {"m": CRASH}, "m")
    assert rulings(found) == {"m": "different"}
    found = judge({"m": OK}, {"m": CRASH}, alone, lambda: {"m": OK}, "m")
    assert rulings(found) == {"m": "flaky"}


def test_a_crowd_of_differences_counts_without_reruns():
    tests = [f"t{n}" for n in range(CROWD + 1)]
    found = judge(dict.fromkeys(tests, OK), dict.fromkeys(tests, FAIL), None, None)
    assert set(rulings(found).values()) == {"different"}
    alone = judge(dict.fromkeys(tests, OK), {}, lambda test: 1 / 0, None)
    assert set(rulings(alone).values()) == {"different"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('["3.11"]\n"a" = "differs by design, see docs"\n', None),
        ('["3.11"]\n"a" = "because"\n', "no reason"),
        ('["3.10"]\n"a" = "differs by design"\n', "no supported version"),
        ('["3.11"]\n' + "".join(f'"{n}" = "one two three"\n' for n in "abc"), "2 at most"),
        ('"3.11" = 3\n', "no table"),
    ],
)
def test_the_waiver_file_keeps_its_rules(tmp_path, text, complaint):
    path = tmp_path / "waivers.toml"
    path.write_text(text)
    if complaint is None:
        assert waiver.load(path) == {"3.11": {"a": "differs by design, see docs"}}
    else:
        with pytest.raises(ValueError, match=complaint):
            waiver.load(path)


def test_an_unused_waiver_is_told_only_of_tests_that_ran():
    entries = {"a": "r", "b": "r", "c": "r"}
    assert waiver.unused(entries, different={"a"}, ran={"a", "b"}) == ["b"]


def test_counts_fold_every_outcome_into_a_column():
    found = table.counts([OK, Outcome("expected"), SKIP, Outcome("surprise"), CRASH])
    assert table.brief(found) == "2 ok, 1 skip, 1 fail, 1 crash"


def test_a_crowd_of_missing_tests_is_told_in_one_and_a_few_one_by_one():
    many = [rule(f"t{n}", [(OK, MISSING)]) for n in range(table.MANY + 1)]
    lines = table.differences([*many, rule("other", [(OK, FAIL)])], {})
    assert lines[0].endswith(f"{len(many)} tests are missing with raddle:")
    assert sum("DIFFERS" in line for line in lines) == 2
    few = table.differences(many[:2], {"t1": "a good reason"})
    assert [line for line in few if "WAIVED: a good reason" in line] == [few[1]]
