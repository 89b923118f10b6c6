"""tools/constraints.txt: everything that checks and tests install has its version there."""

import re
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from paths import ROOT

TEXT = (ROOT / "tools" / "constraints.txt").read_text()
sys.path.append(str(ROOT / "tools"))

import constraints  # noqa: E402

PINS = [Requirement(line) for line in TEXT.splitlines() if line and line[0] != "#"]

pytestmark = pytest.mark.raddle_only


def required():
    """What pyproject.toml, the Makefile and the noxfile ask for."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*settings["build-system"]["requires"], *constraints.TOOLS, *constraints.OTHERS]
    asked += constraints.SITE
    for extra in settings["project"]["optional-dependencies"].values():
        asked += [each for each in extra if not each.startswith("raddle")]
    asked += constraints.LINT + constraints.WHEELS + constraints.HOOKS
    asked += re.findall(r'"([a-z]+>=[0-9.]+)"', (ROOT / "noxfile.py").read_text())
    return sorted({*asked})


@pytest.mark.parametrize("asked", required())
def test_what_is_asked_for_has_a_version_that_will_do(asked):
    wanted = Requirement(asked)
    versions = [
        specifier.version
        for pin in PINS
        if pin.name == wanted.name
        for specifier in pin.specifier
    ]
    assert versions
    assert all(wanted.specifier.contains(version) for version in versions)


def test_each_line_is_one_version_and_names_no_place():
    for pin in PINS:
        assert pin.url is None
        assert [specifier.operator for specifier in pin.specifier] == ["=="]
    assert "//" not in TEXT
    names = [pin.name for pin in PINS]
    assert sorted(names) == names
