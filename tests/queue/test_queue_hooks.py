"""What programs do to the insides of queues: hooks, `mutex`, `queue`, patched methods."""

import collections
import heapq

import pytest

PARTS = ("mutex", "not_empty", "not_full", "all_tasks_done", "queue")


@pytest.fixture(params=["Queue", "LifoQueue", "PriorityQueue"])
def make(queue, request):
    return getattr(queue, request.param)


def waiting(it, part):
    return len(getattr(it, part)._waiters)


@pytest.mark.raddle_only
@pytest.mark.parametrize("part", PARTS)
def test_reaching_for_a_part_opens_the_queue_and_moves_the_items(make, part):
    it, twin = make(5), make(5)
    for item in (3, 1, 2):
        it.put(item)
        twin.put(item)
    assert it._native()
    assert getattr(it, part) is getattr(it, part)
    assert not it._native()
    assert it.qsize() == 3 and it.unfinished_tasks == 3 and it.maxsize == 5
    assert [it.get() for _ in range(3)] == [twin.get() for _ in range(3)]
    assert twin._native()


def test_the_parts_are_what_they_are_in_the_stdlib(make, threading):
    it = make()
    for item in (3, 1, 2):
        it.put(item)
    kind = make.__name__
    expected = {"Queue": collections.deque([3, 1, 2]), "LifoQueue": [3, 1, 2]}
    heap = []
    for item in (3, 1, 2):
        heapq.heappush(heap, item)
    assert it.queue == expected.get(kind, heap)
    assert type(it.queue) is (collections.deque if kind == "Queue" else list)
    assert it.mutex.locked() is False
    for part in ("not_empty", "not_full", "all_tasks_done"):
        condition = getattr(it, part)
        with condition:
            assert it.mutex.locked()
            condition.notify_all()
    assert {"mutex", "queue", "not_full"} <= set(vars(it))


def test_a_program_may_clear_the_container_under_the_mutex(queue, make):
    it = make(2)
    it.put(1)
    it.put(2)
    with it.mutex:
        it.queue.clear()
        it.not_full.notify_all()
    assert it.empty()
    it.put_nowait(3)
    assert it.get_nowait() == 3
    with pytest.raises(queue.Empty):
        it.get_nowait()


def test_a_program_may_give_the_queue_another_container(queue):
    it = queue.Queue()
    it.put(1)
    it.queue = collections.deque([7, 8])
    assert [it.get(), it.get()] == [7, 8] and it.empty()


@pytest.mark.raddle_only
def test_threads_that_wait_when_the_queue_is_opened_go_on(make, spawn, until):
    it = make(1)
    getters = [spawn(it.get), spawn(it.get, True, 60)]
    until(lambda: it._waiting()[1] == 2)
    assert it.mutex
    until(lambda: waiting(it, "not_empty") == 2)
    it.put(1)
    it.put(2)
    assert sorted(getter.result() for getter in getters) == [1, 2]

    it = make(1)
    it.put(1)
    putters = [spawn(it.put, 2), spawn(it.put, 3, True, 60)]
    joiner = spawn(it.join)
    until(lambda: it._waiting()[0::2] == (2, 1))
    assert it.not_full
    until(lambda: waiting(it, "not_full") == 2 and waiting(it, "all_tasks_done") == 1)
    assert sorted(it.get() for _ in range(3)) == [1, 2, 3]
    for _ in range(3):
        it.task_done()
    for each in (*putters, joiner):
        each.result()


@pytest.mark.raddle_only
def test_a_queue_opened_in_use_loses_nothing(queue, spawn):
    for _ in range(30):
        it = queue.Queue(5)

        def put(it=it):
            for number in range(300):
                it.put(number)

        def get(it=it):
            got = [it.get() for _ in range(300)]
            for _ in got:
                it.task_done()
            return got

        putters, getters = [spawn(put), spawn(put)], [spawn(get), spawn(get)]
        openers = [spawn(getattr, it, part) for part in ("mutex", "queue")]
        got = [item for getter in getters for item in getter.result()]
        for each in (*putters, *openers):
            each.result()
        assert sorted(got) == sorted([*range(300)] * 2)
        it.join()
        assert it.empty() and it.unfinished_tasks == 0


def test_a_subclass_may_override_every_hook(queue):
    calls = []

    class Unique(queue.Queue):
        def _init(self, maxsize):
            calls.append(maxsize)
            self.queue = set()

        def _qsize(self):
            return len(self.queue)

        def _put(self, item):
            assert self.mutex.locked()
            self.queue.add(item)

        def _get(self):
            return self.queue.pop()

    it = Unique(2)
    assert calls == [2]
    it.put(1)
    it.put(1)
    it.put(2)
    assert it.full() and it.qsize() == 2 and it.unfinished_tasks == 3
    with pytest.raises(queue.Full):
        it.put(3, timeout=0.001)
    assert {it.get(), it.get()} == {1, 2}


@pytest.mark.parametrize("hook", ["_init", "_qsize", "_put", "_get"])
def test_a_subclass_may_override_any_one_hook_and_call_the_original(make, hook):
    calls = []

    def override(self, *args):
        calls.append(args)
        return getattr(make, hook)(self, *args)

    it = type("Sub", (make,), {hook: override})(2)
    it.put(2)
    it.put(1)
    assert it.full() and {it.get(), it.get()} == {1, 2} and it.empty()
    assert calls


def test_a_hook_that_fails_leaves_the_queue_usable(queue):
    class Failing(queue.Queue):
        fails = False

        def _put(self, item):
            if self.fails:
                raise ZeroDivisionError
            super()._put(item)

    it = Failing(1)
    it.fails = True
    with pytest.raises(ZeroDivisionError):
        it.put(1)
    it.fails = False
    it.put(1)
    assert it.get() == 1 and it.unfinished_tasks == 1


def test_a_subclass_without_hooks_keeps_its_attributes_and_methods(queue, subject):
    class Named(queue.Queue):
        def __init__(self, name):
            super().__init__(3)
            self.name = name

        def put(self, item, block=True, timeout=None):
            super().put((self.name, item), block, timeout)

    it = Named("a")
    it.put(1)
    it.put_nowait(2)  # By way of put().
    assert [it.get(), it.get_nowait()] == [("a", 1), ("a", 2)]
    assert subject == "stdlib" or it._native()


@pytest.mark.parametrize("name", ["put", "get"])
def test_a_method_set_on_the_instance_is_what_the_nowait_form_calls(make, name):
    it, calls = make(), []
    original = getattr(it, name)
    it.put(1)
    setattr(it, name, lambda *args, **options: calls.append(options) or original(*args))
    if name == "put":
        it.put_nowait(2)
    else:
        assert it.get_nowait() == 1
    assert calls == [{"block": False}]


def test_a_method_replaced_on_the_class_is_used_by_queues_made_before(make, monkeypatch):
    it, calls = make(), []
    it.put_nowait(1)
    original = make.put

    def put(self, item, block=True, timeout=None):
        calls.append(item)
        return original(self, item, block, timeout)

    monkeypatch.setattr(make, "put", put)
    it.put_nowait(2)
    it.put(3)
    assert calls == [2, 3]
    monkeypatch.undo()
    it.put_nowait(4)
    assert calls == [2, 3] and it.qsize() == 4


def test_a_hook_replaced_on_the_class_is_used_by_queues_made_before(make, monkeypatch):
    it, calls = make(), []
    it.put(1)
    original = make._put
    monkeypatch.setattr(
        make, "_put", lambda self, item: calls.append(item) or original(self, item)
    )
    it.put(2)
    assert calls == [2] and it.qsize() == 2


def test_a_hook_set_on_the_instance_is_used(make):
    it, calls = make(), []
    it.put(1)
    original = it._get
    it._get = lambda: calls.append("get") or original()
    assert it.get() == 1 and calls == ["get"]
    del it._get
    it.put(2)
    assert it.get() == 2 and calls == ["get"]


@pytest.mark.raddle_only
def test_a_subclass_that_forgets_super_init_is_told(make):
    class Forgetful(make):
        def __init__(self):
            self.name = "a"

    it = Forgetful()
    for use in (lambda: it.put(1), it.get, it.get_nowait, it.qsize, lambda: it.mutex):
        with pytest.raises(
            AttributeError, match=r"__init__\(\) of Forgetful has to begin with"
        ):
            use()


def test_shutdown_and_task_counts_survive_the_opening(queue, subject):
    it = queue.Queue()
    if not hasattr(it, "shutdown"):
        pytest.skip("the stdlib has no shutdown() on this version")
    it.put(1)
    it.put(2)
    it.shutdown()
    assert it.mutex and it.is_shutdown
    with pytest.raises(queue.ShutDown):
        it.put(3)
    assert it.get() == 1
    it.shutdown(immediate=True)
    assert it.unfinished_tasks == 1 and it.empty()
    with pytest.raises(queue.ShutDown):
        it.get(timeout=-1)
    it.task_done()
    with pytest.raises(ValueError, match="too many times"):
        it.task_done()
    it.join()


def test_open_queues_check_their_arguments_too(queue, make):
    it = make(1)
    assert it.mutex
    with pytest.raises(ValueError, match="non-negative"):
        it.get(timeout=-1)
    with pytest.raises(ValueError, match="non-negative"):
        it.put(1, timeout=-1)
    with pytest.raises(queue.Empty):
        it.get(timeout=0.001)
    it.put(1)
    with pytest.raises(queue.Full):
        it.put(2, timeout=0.001)
    with pytest.raises(queue.Full):
        it.put_nowait(2)
