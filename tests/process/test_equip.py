"""What Python hands to Rust: `_raddle._equip()` takes what it knows, and the first of it."""

import re

import pytest
from raddle import _raddle


def _class():
    return type("Mine", (Exception,), {})


@pytest.mark.parametrize(
    ("hooks", "error"),
    [
        ({"nonsense": print}, "'nonsense' is none of .*deadlock, .*bystanders"),
        (
            {"full": _class(), "empty": _class()},
            "'shut_down' is missing: '(full|empty)' and it",
        ),
        ({"deadlock": 1}, "'deadlock' has to be a function, not 1"),
        (
            {"executor_empty": print, "executor_thread": {}},
            "'executor_empty' has to be a class",
        ),
        ({"threading": 5, "broken_barrier": _class()}, "'threading' has to be the names of"),
    ],
)
def test_what_is_no_hook_is_refused_by_name(hooks, error):
    with pytest.raises(TypeError, match=error):
        _raddle._equip(**hooks)


def test_nothing_is_a_call_that_hands_nothing_in():
    _raddle._equip()


def test_a_later_call_changes_nothing():
    import raddle.queue

    _raddle._equip(empty=_class(), full=_class(), shut_down=_class())
    with pytest.raises(raddle.queue.Empty):
        raddle.queue.SimpleQueue().get_nowait()


def test_a_hook_that_nobody_has_handed_in_is_said_with_its_module(child):
    done = child("""
        from raddle import _raddle

        executor = _raddle._Executor()
        executor._begin(_raddle._WorkQueue(), 1, True)
        try:
            executor.submit(print)
        except RuntimeError as error:
            print(error)
    """)
    said = "raddle._futures.executor has to be imported first: it hands 'executor_thread' in"
    assert re.fullmatch(said, done.stdout.strip())
