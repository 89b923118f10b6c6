"""The reference of the docs site has every public name that is raddle's own, and its units."""

import inspect
import re

import pytest
import raddle
import raddle.futures
import raddle.queue
import raddle.threading
from paths import ROOT

PAGES = ROOT / "docs" / "site" / "reference"
STOCK = {"threading": "threading", "queue": "queue", "futures": "concurrent.futures"}
MODULES = {"raddle": raddle} | {name: getattr(raddle, name) for name in STOCK}
NAMES = [(page, name) for page, module in MODULES.items() for name in module.__all__]

pytestmark = pytest.mark.raddle_only


def documented(page):
    """The names that a page of the reference documents, by their last part."""
    text = (PAGES / f"{page}.md").read_text()
    module = MODULES[page].__name__
    return set(re.findall(rf"^\.\. (?:auto|py:)[a-z]+:: {module}\.(\w+)$", text, re.M))


def is_own(page, name):
    """Whether a public name is raddle's own, and not what the standard library has."""
    if page == "raddle":
        return True
    stock = __import__(STOCK[page], fromlist=["there"])
    return getattr(MODULES[page], name) is not getattr(stock, name, None)


@pytest.mark.parametrize(("page", "name"), NAMES)
def test_each_public_name_is_in_the_reference(page, name):
    if is_own(page, name):
        assert name in documented(page)
    elif name not in documented(page):  # (It may be raddle's own on another version.)
        text = (PAGES / f"{page}.md").read_text()
        assert re.search(rf"`(?:{STOCK[page]}\.)?{name}(?:\(\))?`", text)


@pytest.mark.parametrize("page", MODULES)
def test_the_reference_has_nothing_that_is_not_there(page):
    assert documented(page) <= {*MODULES[page].__all__}


def own_callables():
    """Each public function, class and method of raddle's own."""
    for page, name in NAMES:
        value = getattr(MODULES[page], name)
        if not is_own(page, name) or not callable(value):
            continue
        yield pytest.param(value, id=f"{page}.{name}")
        for each, member in vars(value).items() if inspect.isclass(value) else ():
            if callable(member) and not inspect.isclass(member) and each[0] != "_":
                yield pytest.param(member, id=f"{page}.{name}.{each}")


@pytest.mark.parametrize("value", list(own_callables()))
def test_each_says_what_it_does_and_in_what_times_are(value):
    doc = inspect.getdoc(value)
    assert doc
    try:
        parameters = inspect.signature(value).parameters
    except ValueError:
        return
    obsolete = doc.startswith(("An obsolete synonym", "A deprecated synonym"))
    if {"timeout", "interval"} & {*parameters} and not obsolete:
        assert "seconds" in doc or "never waits" in doc
