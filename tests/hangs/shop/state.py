"""What the parts of the shop share."""

import threading

STOCK_LOCK = threading.Lock()
stock = {"apples": 3}
plugins = []
importing, wanted = threading.Event(), threading.Event()


class Prices:
    lock = threading.Lock()
