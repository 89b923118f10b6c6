"""What a map or a pool leaves: nothing that only the garbage collector could free.

A pool of processes owns semaphores. On 3.11 to 3.13, multiprocessing warns of one that may leak
if the collector frees it at a bad moment. And a task's input and result can be large.
"""

import kinds
import pytest
from paths import SUPPORT

pytestmark = pytest.mark.raddle_only

LEFT = """
import concurrent.futures, gc, threading, time
import raddle, tasks
from raddle._map.backends.base import Message

KIND = {kind!r}

def stream(fn=tasks.square):
    return raddle.map(fn, range(100), workers=2, backend=KIND)

def taken_whole():
    list(stream())

def left_early():
    for _ in stream():
        break

def failed():
    try:
        list(stream(tasks.fail))
    except ValueError:
        pass

def submitted():
    with raddle.Pool(2, KIND) as pool:
        assert pool.submit(tasks.square, 3).result() == 9
        try:
            pool.submit(tasks.fail, 3).result()
        except ValueError:
            pass

def cancelled():
    with raddle.Pool(2, KIND) as pool:
        for each in [pool.submit(tasks.square, number) for number in range(30)]:
            each.cancel()

def one_pool_many_maps():
    with raddle.Pool(2, KIND) as pool:
        for _ in range(3):
            list(pool.map(tasks.square, range(100)))
            next(pool.map(tasks.square, range(100)))

def left():
    kinds = concurrent.futures.Future, Message, concurrent.futures.Executor, ValueError
    found = [type(each) for each in gc.get_objects()]
    # (Semaphores of loky's are in cycles of its own, where it had to kill its workers.)
    name = "SemLock" if KIND != "processes" else None
    return [each for each in found if issubclass(each, kinds) or each.__name__ == name]

if __name__ == "__main__":
    taken_whole()  # What is made once is there.
    gc.collect()
    gc.disable()
    before = len(left())
    for use in taken_whole, left_early, failed, submitted, cancelled, one_pool_many_maps:
        use()
        # (A thread that is not counted any more may have yet to let go of its frames. What is
        # in a cycle stays: the collector is off.)
        until = time.monotonic() + 60
        while threading.active_count() > 1 or len(found := left()) != before:
            assert time.monotonic() < until, (use.__name__, before, left())
            time.sleep(0.002)
"""


@pytest.mark.parametrize("kind", kinds.LOCAL)
def test_nothing_is_left_for_the_garbage_collector(kind, child):
    child(kinds.before(kind) + LEFT.format(kind=kind), env={"PYTHONPATH": str(SUPPORT)})
