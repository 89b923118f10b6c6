"""Odd arguments of queues, see odd.py."""

from odd import LONG, NEVER_PASSES, OPERATIONS, SKIPPED, operation


def full(m):
    queue = m.Queue(1)
    queue.put("first")
    return queue


def filled(m, kind="Queue"):
    queue = getattr(m, kind)()
    queue.put("first")
    return queue


def of_queue(kind):
    @operation(LONG, NEVER_PASSES)
    def get_timeout(m, value):
        return getattr(m, kind)().get(timeout=value)

    @operation(LONG, NEVER_PASSES)
    def put_timeout(m, value):
        queue = getattr(m, kind)(1)
        queue.put("first")
        return queue.put("second", timeout=value)

    @operation()
    def get_timeout_filled(m, value):
        return filled(m, kind).get(timeout=value)

    @operation()
    def get_timeout_without_blocking(m, value):
        return getattr(m, kind)().get(False, value)

    @operation()
    def put_timeout_with_room(m, value):
        queue = getattr(m, kind)(2)
        queue.put("first")
        return queue.put("second", timeout=value)

    @operation()
    def put_timeout_without_limit(m, value):
        return getattr(m, kind)().put("first", timeout=value)

    @operation()
    def get_block(m, value):
        return filled(m, kind).get(value)

    @operation()
    def put_block(m, value):
        return getattr(m, kind)().put("first", value)

    @operation()
    def maxsize(m, value):
        queue = getattr(m, kind)(value)
        return queue.maxsize, queue.full()

    @operation({"None", "str", "list", "Sized()", "complex", "ValueError", "ValueError()"})
    def maxsize_reached(m, value):
        queue = getattr(m, kind)(value)
        queue.put("first")
        return queue.full()

    return [
        get_timeout,
        put_timeout,
        get_timeout_filled,
        get_timeout_without_blocking,
        put_timeout_with_room,
        put_timeout_without_limit,
        get_block,
        put_block,
        maxsize,
        maxsize_reached,
    ]


def register_queues():
    for kind in ("Queue", "LifoQueue", "PriorityQueue"):
        for each in of_queue(kind):
            name = f"{kind}.{each.__name__}"
            OPERATIONS[name] = OPERATIONS.pop(each.__name__)
            SKIPPED[name] = SKIPPED.pop(each.__name__)


register_queues()


@operation()
def queue_shutdown(m, value):
    queue = filled(m)
    return queue.shutdown(value), queue.qsize()


@operation()
def queue_set_maxsize(m, value):
    queue = filled(m)
    queue.maxsize = value
    return queue.maxsize


@operation()
def queue_set_unfinished_tasks(m, value):
    queue = filled(m)
    queue.unfinished_tasks = value
    return queue.unfinished_tasks


@operation(LONG)
def simple_queue_timeout(m, value):
    return m.SimpleQueue().get(timeout=value)


@operation()
def simple_queue_timeout_filled(m, value):
    return filled(m, "SimpleQueue").get(timeout=value)


@operation()
def simple_queue_timeout_without_blocking(m, value):
    return m.SimpleQueue().get(False, value)


@operation()
def simple_queue_block(m, value):
    return filled(m, "SimpleQueue").get(value)


@operation()
def simple_queue_put_options(m, value):
    return m.SimpleQueue().put(1, value, value)
