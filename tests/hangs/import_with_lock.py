"""A thread that imports a module with a lock in hand, which that module wants while it runs."""

import threading

from shop import state


def load():
    import shop.plugin

    return shop.plugin


def ask():
    state.importing.wait()
    with state.STOCK_LOCK:
        state.wanted.set()
        import shop.plugin

        return shop.plugin


threads = [threading.Thread(target=each, name=each.__name__) for each in (load, ask)]
for each in threads:
    each.start()
for each in threads:
    each.join()
