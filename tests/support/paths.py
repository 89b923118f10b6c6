"""Where things are in the checkout."""

from pathlib import Path

SUPPORT = Path(__file__).parent  # what tests import; for PYTHONPATH of the processes they start
ROOT = SUPPORT.parents[1]
TESTS = SUPPORT.parent
