"""Future: random sequences of calls, beside the standard library's."""

import logging

from calls import SETTINGS, act, shown
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.sampled_from([None, 0, "value"])
STEPS = {
    "set_running_or_notify_cancel": st.just(()),
    "set_result": st.tuples(VALUES),
    "set_exception": st.tuples(st.sampled_from([None, KeyError, ValueError("v")])),
    "cancel": st.just(()),
    "cancelled": st.just(()),
    "running": st.just(()),
    "done": st.just(()),
    "result": st.tuples(st.sampled_from([0, -1, 0.0, 1e-9, "1", []])),
    "exception": st.tuples(st.sampled_from([0, -1, 0.0, 1e-9, "1", []])),
    "add_done_callback": st.just(("record",)),
    "_state": st.just(()),
    "_result": st.just(()),
    "open": st.just(()),
    "wait": st.tuples(st.sampled_from(["FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"])),
    "as_completed": st.just(()),
    "_get_snapshot": st.just(()),
}


def step(module, future, name, args, calls):
    if name == "add_done_callback":
        args = (lambda f: calls.append((len(calls), f._state)),)
    elif name == "open":
        return ("opened", bool(future._condition))
    elif name == "wait":
        return act(module, "wait", ([future], 0, *args))[1].done == {future}
    elif name == "as_completed":
        try:
            return [one is future for one in module.as_completed([future], 0)]
        except module.TimeoutError as error:
            return str(error)
    elif not hasattr(future, name):
        return None
    return act(future, name, args)


@SETTINGS
@given(
    st.lists(
        st.one_of([st.tuples(st.just(name), args) for name, args in STEPS.items()]),
        max_size=25,
    )
)
def test_a_future_answers_as_the_stdlibs(futures, stock_futures, sequence):
    ours, theirs = futures.Future(), stock_futures.Future()
    our_calls, their_calls = [], []
    logging.disable(logging.CRITICAL)
    try:
        for name, args in sequence:
            if name == "_get_snapshot" and not hasattr(theirs, name):
                continue
            one = step(futures, ours, name, args, our_calls)
            other = step(stock_futures, theirs, name, args, their_calls)
            assert one == other, (name, args)
            assert shown(ours) == shown(theirs) and our_calls == their_calls, (name, args)
    finally:
        logging.disable(logging.NOTSET)
