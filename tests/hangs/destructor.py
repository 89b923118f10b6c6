"""A destructor takes the lock that is held where the last reference goes."""

import threading

table_lock = threading.Lock()
table = {}


class Entry:
    def __del__(self):
        with table_lock:
            table.pop("closed", None)


table["a"] = Entry()
with table_lock:
    table.clear()
