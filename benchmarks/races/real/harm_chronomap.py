"""chronomap: after two writers, every reader waits for ever."""

import threading

import chronomap
import harm

store = chronomap.ChronoMap(enable_ttl_cleanup=False, max_history=1)


def write():
    for each in range(200):
        store.put("key", each)


for number in harm.rounds():
    harm.together(write, write, write)
    reader = threading.Thread(target=store.get, args=("key",), daemon=True)
    reader.start()
    reader.join(2)
    if reader.is_alive():
        harm.shown(number, "get() does not return, and no one writes any more")
