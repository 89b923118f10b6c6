"""Orders of what `raddle.sync` has, and of locks, that contradict each other are told, too."""

import functools

import pytest
from banks import run as run_bank

pytestmark = pytest.mark.raddle_only

START = "from raddle import sync\n"
PRICES = START + "prices = sync.RWLock()\n"
FOUND = "print([each.sentence.split(',')[0] for each in raddle.inversions()])\n"


@pytest.fixture
def bank(tmp_path):
    """Run the bank and what follows it as a file; return the run."""
    return functools.partial(run_bank, tmp_path)


@pytest.mark.parametrize("one", ["read", "write"])
@pytest.mark.parametrize("other", ["read", "write"])
def test_a_lock_of_readers_and_another_in_both_orders_are_told(bank, one, other):
    code = f'run("one", prices.{one}, tree)\nrun("other", tree, prices.{other})\n'
    done = bank(PRICES + code + FOUND)
    assert done.stdout == "['tree is held when prices is taken']\n"
    assert done.stderr.startswith(
        "raddle: lock order: tree and prices are taken in different orders\n"
    )
    assert "Take the locks in one order everywhere (say, prices, then tree)" in done.stderr


def test_its_name_and_its_type_are_told(bank):
    code = """
        from raddle import sync
        lock = sync.RWLock(name="the prices")
        run("one", lock.read, tree)
        run("other", tree, lock.write)
        [found] = raddle.inversions()
        print(sorted((each["lock"], each["type"]) for each in found.links))
    """
    assert bank(code).stdout == "[('the prices', 'RWLock'), ('tree', 'Lock')]\n"


ONE = """\
run("one", prices.read, tree)
run("other", prices.write, tree)
run("again", prices.read, prices.read)
with tree:
    pass
with prices.read(timeout=60), tree:
    pass
"""


def test_one_order_and_a_read_inside_a_read_are_not_told(bank):
    done = bank(PRICES + ONE)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


WITHIN = """\
for locks in ((tree, index), (index, tree)):
    with prices.SIDE:
        nest(*locks)
"""


@pytest.mark.parametrize(("side", "told"), [("read", 1), ("write", 0)])
def test_a_lock_that_others_may_read_as_well_keeps_no_threads_apart(bank, side, told):
    done = bank(PRICES + WITHIN.replace("SIDE", side) + "print(len(raddle.inversions()))\n")
    assert done.stdout == f"{told}\n"


ONCE = """\
@sync.once
def settings():
    with index:
        return {}

settings()
ASK
print([each.sentence.split(",")[0] for each in raddle.inversions()])
"""


def test_what_is_called_once_is_told_with_the_locks_that_it_takes(bank):
    alone = bank(START + ONCE.replace("ASK", "with tree: settings()"))
    assert alone.stdout == "[]\n"
    # (It has its value by then: in another run, that may be the first call.)
    both = bank(START + ONCE.replace("ASK", "with index: settings()"))
    assert both.stdout == "['index is held when settings is taken']\n"
