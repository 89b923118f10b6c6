"""Start functions in threads at the same time, and wait for all of them."""

import threading


def together(*functions):
    """Call each function in a thread of its own; raise the first exception that one had."""
    start = threading.Barrier(len(functions))
    failed = []

    def call(function):
        start.wait()
        try:
            function()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=call, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
