"""The executors whose workers and queues a report is about."""

import sys
import weakref

from raddle._diagnose.program import attributes, stack


def executor_of(queue):
    """Return the executor whose queue has this id(), or None."""
    for _, executor, work_queue in _workers():
        if id(work_queue) == queue:
            return executor
    return None


def called_at(queue, names):
    """Return what the executor whose queue has this id() is called."""
    return called(executor_of(queue), names)


def called(executor, names):
    """Return what an executor is called: after a variable, or after its threads."""
    if executor is None:
        return "a pool"
    if names.where(executor) is None:
        prefix = attributes.attribute(executor, "_thread_name_prefix")
        if type(prefix) is str and prefix:
            return f"the pool of {stack.clean(prefix)}"
    return names.of(executor)


def _workers():
    """Yield the threads that are an executor's: (thread, executor, its queue)."""
    active = getattr(sys.modules.get("threading"), "_active", {})
    for thread in list(dict.values(active)):
        target = stack.fact(thread, "_target")
        code = stack.code_of(target)
        if code is None or not stack.is_inner(code):
            continue
        if code.co_name == "_worker":
            args = stack.fact(thread, "_args")
            if type(args) is tuple and len(args) == 3 and type(args[0]) is weakref.ref:
                executor = args[0]()
                if executor is not None:
                    yield thread, executor, args[2]
        elif code.co_qualname == "Worker.run":
            # Of a raddle.Pool; that of a map has none.
            state = target.__self__.state
            pool = state.pool and state.pool()
            if pool is not None:
                yield thread, pool, state.queue
