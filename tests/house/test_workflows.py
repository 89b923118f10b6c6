"""The workflows run what anybody can run: `make`, with targets that there are."""

import re

import pytest
from paths import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

pytestmark = pytest.mark.raddle_only


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_targets_of_the_makefile_and_nothing_else(workflow):
    commands = re.findall(r"^\s*(?:- )?run: (.*)$", workflow.read_text(), re.MULTILINE)
    assert commands
    for command in commands:
        make, target, *python = command.split()
        # (Windows' runners have it under that name.)
        assert make in ("make", "mingw32-make") and target in TARGETS, command
        assert python in ([], ["PYTHON=python"]), command


def test_there_are_the_three_that_are_meant():
    assert [path.stem for path in WORKFLOWS] == ["docs", "test", "wheels"]
