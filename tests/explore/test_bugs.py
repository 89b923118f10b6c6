"""A gallery of mistakes: each is found within a thousand schedules, and comes again."""

import re

import bugs
import pytest
import raddle

pytestmark = pytest.mark.raddle_only

FOUND = [each for each in bugs.BUGS if each.__name__ not in bugs.MISSED]


@pytest.mark.parametrize("bug", bugs.BUGS, ids=lambda bug: bug.__name__)
def test_a_mistake_does_not_show_if_nobody_is_interrupted(bug):
    raddle.replay("r1", bug)


@pytest.mark.parametrize("bug", FOUND, ids=lambda bug: bug.__name__)
def test_a_mistake_is_found_and_comes_again(bug):
    with pytest.raises(Exception) as caught:
        raddle.explore(bug, runs=1000, seed=7)
    (found,) = re.findall(r"replay\('([^']*)'", "\n".join(caught.value.__notes__))
    for _ in range(3):
        with pytest.raises(type(caught.value)):
            raddle.replay(found, bug)
