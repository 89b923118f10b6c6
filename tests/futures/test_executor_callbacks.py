"""What the callbacks of an executor's futures may do in the worker that calls them."""

import pytest


@pytest.fixture
def executor(subject, threading):
    """The subject's ThreadPoolExecutor."""
    if subject == "raddle":
        from raddle.futures import ThreadPoolExecutor
    else:
        from concurrent.futures import ThreadPoolExecutor
    return ThreadPoolExecutor


def test_a_callback_that_submits_and_waits_gets_another_worker(executor, threading):
    got, gate, called = [], threading.Event(), threading.Event()

    def submit(_):
        try:
            got.append(pool.submit(int, "7").result(60))
        finally:
            called.set()

    with executor(4) as pool:
        pool.submit(gate.wait).add_done_callback(submit)
        gate.set()
        assert called.wait(90)
    assert got == [7]


def test_others_submit_to_another_worker_while_one_is_in_a_callback(executor, threading):
    gate, inside, leave = threading.Event(), threading.Event(), threading.Event()

    def stay(_):
        inside.set()
        leave.wait(60)

    with executor(2) as pool:
        pool.submit(gate.wait).add_done_callback(stay)
        gate.set()
        assert inside.wait(60)
        try:
            assert pool.submit(int, "7").result(60) == 7
        finally:
            leave.set()


def test_a_callback_can_wait_for_the_next_call_in_the_queue(executor, threading):
    got = []
    gate, busy, hold = threading.Event(), threading.Event(), threading.Event()
    with executor(2) as pool:
        other = pool.submit(lambda: (busy.set(), hold.wait(60)))
        assert busy.wait(60)
        first, second = pool.submit(gate.wait), pool.submit(int, "7")

        def wait_for_second(_):
            hold.set()  # From here on the other worker is free.
            got.append(second.result(60))

        first.add_done_callback(wait_for_second)
        gate.set()
        other.result(60)
    assert got == [7]


@pytest.mark.raddle_only
def test_a_callback_that_raises_an_exit_costs_no_other_call(executor, threading, caplog):
    gate = threading.Event()

    def leave(_):
        raise SystemExit

    with executor(1) as pool:
        first = pool.submit(gate.wait)
        first.add_done_callback(leave)
        calls = [pool.submit(int, text) for text in "123"]
        gate.set()
        assert [call.result(60) for call in calls] == [1, 2, 3]
