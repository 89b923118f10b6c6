"""Odd arguments of futures and executors, see odd.py."""

from odd import LONG, NEVER_PASSES, operation


def done(m, result=7):
    future = m.Future()
    future.set_result(result)
    return future


@operation(LONG)
def future_result(m, value):
    return m.Future().result(value)


@operation()
def future_result_done(m, value):
    return done(m).result(value)


@operation(LONG)
def future_exception(m, value):
    return m.Future().exception(value)


@operation()
def future_set_result(m, value):
    return done(m, value).result()


@operation()
def future_set_exception(m, value):
    future = m.Future()
    future.set_exception(value)
    return future.exception()


@operation()
def future_raises(m, value):
    future = m.Future()
    future.set_exception(value)
    return future.result()


@operation()
def future_callback(m, value):
    future = m.Future()
    return future.add_done_callback(value), future._done_callbacks


@operation(LONG)
def wait_timeout(m, value):
    return tuple(map(len, m.wait([m.Future()], value)))


@operation()
def wait_timeout_done(m, value):
    return tuple(map(len, m.wait([done(m)], value)))


@operation()
def wait_return_when(m, value):
    return tuple(map(len, m.wait([m.Future()], 0, value)))


@operation()
def wait_return_when_done(m, value):
    return tuple(map(len, m.wait([done(m)], 0, value)))


@operation()
def wait_futures(m, value):
    return tuple(map(len, m.wait(value, 0)))


@operation()
def wait_one_of(m, value):
    return tuple(map(len, m.wait([value], 0)))


@operation(LONG, NEVER_PASSES)
def as_completed_timeout(m, value):
    return len(list(m.as_completed([m.Future()], value)))


@operation(NEVER_PASSES)
def as_completed_timeout_done(m, value):
    return len(list(m.as_completed([done(m)], value)))


@operation()
def as_completed_futures(m, value):
    return list(m.as_completed(value, 0))


@operation({"nan"})  # With NaN workers, nobody ever makes the call.
def executor_workers(m, value):
    with m.ThreadPoolExecutor(value) as pool:
        return pool.submit(int).result()


@operation()
def executor_prefix(m, value):
    with m.ThreadPoolExecutor(1, value) as pool:
        return pool.submit(lambda: type(m.current_thread().name)).result()


@operation({"ValueError"})
def executor_initializer(m, value):
    m.ThreadPoolExecutor(1, initializer=value).shutdown()


@operation()
def executor_initargs(m, value):
    m.ThreadPoolExecutor(1, initializer=int, initargs=value).shutdown()


@operation({"ValueError"})
def executor_submit(m, value):
    with m.ThreadPoolExecutor(1) as pool:
        return pool.submit(value).result()


@operation({"0", "False", "Whole(0)", "Index(0)"}, LONG - {"None"}, NEVER_PASSES)
def executor_map_timeout(m, value):
    with m.ThreadPoolExecutor(1) as pool:
        return list(pool.map(int, [], timeout=value))


@operation()
def executor_map_inputs(m, value):
    with m.ThreadPoolExecutor(1) as pool:
        return list(pool.map(str, value))


@operation()
def executor_map_chunksize(m, value):
    with m.ThreadPoolExecutor(1) as pool:
        return list(pool.map(str, [1], chunksize=value))


@operation()
def executor_shutdown(m, value):
    pool = m.ThreadPoolExecutor(1)
    pool.submit(int).result()
    return pool.shutdown(value)
