"""Two threads that take two locks of other modules in different orders."""

import threading

from shop import state

ready = threading.Barrier(2)


def restock():
    with state.STOCK_LOCK:
        ready.wait()
        with state.Prices.lock:
            state.stock["apples"] += 10


def reprice():
    with state.Prices.lock:
        ready.wait()
        with state.STOCK_LOCK:
            state.stock["apples"] = 0


threading.Thread(target=restock, name="restock").start()
threading.Thread(target=reprice, name="reprice").start()
