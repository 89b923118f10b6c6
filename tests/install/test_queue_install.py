"""install() and the modules `queue` and `_queue`: every copy, whenever it comes."""

import pytest

pytestmark = pytest.mark.raddle_only

NAMES = ["Queue", "LifoQueue", "PriorityQueue", "SimpleQueue", "Empty", "Full", "ShutDown"]

PRELUDE = f"""
import raddle, sys
NAMES = {NAMES!r}
def replaced(module):
    from raddle import _raddle
    kinds = all(getattr(module, n) is getattr(_raddle, n) for n in NAMES[:4])
    from raddle import queue as ours
    return kinds and all(getattr(module, n) is getattr(ours, n) for n in NAMES)
def stock(module):
    return module.Queue.__init__.__code__.co_filename == module.__file__
def fresh(*names, blocked=()):
    import importlib
    kept = {{n: sys.modules.pop(n, None) for n in ("queue", "_queue", *blocked)}}
    for n in blocked: sys.modules[n] = None
    module = importlib.import_module("queue")
    for n, m in kept.items():
        sys.modules.pop(n, None)
        if m is not None: sys.modules[n] = m
    return module
"""


@pytest.fixture
def program(child):
    def run(code):
        return child(code, prelude=PRELUDE).stdout.split()

    return run


def test_a_module_that_is_loaded_already_is_patched_and_so_are_its_users(program):
    code = """
        import queue, types
        user = sys.modules["user"] = types.ModuleType("user")
        exec("from queue import Queue, SimpleQueue, Empty", vars(user))
        before = {n: getattr(queue, n, None) for n in (*NAMES, "__all__")}
        raddle.install()
        print(replaced(queue), user.Queue is queue.Queue, user.Empty is queue.Empty)
        print(user.SimpleQueue is queue.SimpleQueue, "ShutDown" in queue.__all__)
        raddle.uninstall()
        print(before == {n: getattr(queue, n, None) for n in (*NAMES, "__all__")})
        print(stock(queue), user.Queue is queue.Queue)
        """
    assert program(code) == ["True"] * 8


def test_a_module_that_is_imported_later_is_patched(program):
    code = """
        raddle.install()
        print("queue" in sys.modules)
        import queue
        print(replaced(queue))
        import _queue
        print(_queue.SimpleQueue is queue.SimpleQueue, _queue.Empty is queue.Empty)
        raddle.uninstall()
        print(stock(queue), _queue.SimpleQueue.__module__, queue.Empty is _queue.Empty)
        print(queue.SimpleQueue is _queue.SimpleQueue)
        """
    assert program(code) == ["False", *["True"] * 4, "_queue", "True", "True"]


def test_every_fresh_copy_is_patched_with_and_without_its_accelerator(program):
    code = """
        raddle.install()
        import queue
        one, other = fresh(), fresh(blocked=["_queue"])
        print(len({id(one), id(other), id(queue)}), all(map(replaced, (one, other, queue))))
        print(other._PySimpleQueue.__module__, other._PySimpleQueue is not other.SimpleQueue)
        for module in (one, other):
            try:
                module.SimpleQueue().get_nowait()
            except module.Empty:
                print("empty")
            try:
                q = module.Queue(1); q.put(1); q.put_nowait(2)
            except module.Full:
                print("full")
            try:
                q.shutdown(); q.put(2)
            except module.ShutDown:
                print("shut")
        """
    assert program(code) == ["3", "True", "queue", "True", *(["empty", "full", "shut"] * 2)]


def test_fresh_copies_before_anything_else_are_patched_too(program):
    code = """
        raddle.install()
        one, other = fresh(blocked=["_queue"]), fresh()
        print(replaced(one), replaced(other), one.Empty is other.Empty)
        from raddle import queue as ours
        import queue
        print(replaced(queue), ours.Empty is queue.Empty)
        """
    assert program(code) == ["True"] * 5


def test_reloading_keeps_it_patched_and_uninstall_still_restores(program):
    code = """
        import importlib, queue, _queue
        raddle.install()
        for _ in range(2):
            importlib.reload(_queue)
            importlib.reload(queue)
            print(replaced(queue), _queue.SimpleQueue is queue.SimpleQueue)
        raddle.uninstall()
        from raddle import _raddle
        print(stock(queue), _queue.SimpleQueue is _raddle.SimpleQueue)
        importlib.reload(queue)
        print(stock(queue), queue.SimpleQueue is _queue.SimpleQueue)
        """
    assert program(code) == [*["True"] * 5, "False", "True", "True"]


def test_importing_raddles_module_does_not_patch_and_shares_the_exceptions(program):
    code = """
        from raddle import queue as ours
        import queue
        print(stock(queue), ours.Empty is queue.Empty, ours.Full is queue.Full)
        print(ours.ShutDown is getattr(queue, "ShutDown", ours.ShutDown))
        raddle.install()
        print(replaced(queue))
        raddle.uninstall()
        """
    assert program(code) == ["True"] * 5


def test_raddles_module_can_be_the_first_import_after_install(program):
    code = """
        raddle.install()
        from raddle import queue as ours
        import queue
        print(replaced(queue), ours.Queue is queue.Queue)
        try:
            ours.Queue().get_nowait()
        except queue.Empty:
            print("empty")
        """
    assert program(code) == ["True", "True", "empty"]


def test_queues_made_before_install_and_after_uninstall_keep_working(program):
    code = """
        import queue
        old = queue.Queue(); old.put(1)
        raddle.install()
        new = queue.Queue(); new.put(2)
        raddle.uninstall()
        newest = queue.Queue(); newest.put(3)
        print(old.get(), new.get(), newest.get())
        for q in (old, new, newest):
            try:
                q.get_nowait()
            except queue.Empty:
                print("empty")
        """
    assert program(code) == ["1", "2", "3", *["empty"] * 3]


def test_logging_and_pools_run_on_the_patched_queues(program):
    code = """
        raddle.install()
        import logging.handlers, queue
        from concurrent.futures import ThreadPoolExecutor
        records = queue.Queue()
        logger = logging.getLogger("here")
        logger.addHandler(logging.handlers.QueueHandler(records))
        logger.warning("hello")
        print(records.get().getMessage())
        with ThreadPoolExecutor(2) as pool:
            print(sum(pool.map(abs, range(-100, 100))))
        """
    assert program(code) == ["hello", "10000"]
