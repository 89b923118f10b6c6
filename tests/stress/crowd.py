"""A thousand threads at once over every primitive: all counted, none left."""

import gc

from common import PATIENCE, Ledger, joined, main, module

CROWD = 1000


def once(threading, ledger):
    lock, rlock, semaphore = threading.Lock(), threading.RLock(), threading.Semaphore(7)
    condition, event, last = threading.Condition(), threading.Event(), threading.Barrier(CROWD)
    counts = {"lock": 0, "rlock": 0, "inside": 0, "most": 0, "ready": 0, "woken": 0}
    indices, failures = [], []

    def work():
        with lock:
            counts["lock"] += 1
        with rlock, rlock:
            counts["rlock"] += 1
        with semaphore:
            with lock:
                counts["inside"] += 1
                counts["most"] = max(counts["most"], counts["inside"])
            with lock:
                counts["inside"] -= 1
        with condition:
            counts["ready"] += 1
            condition.notify_all() if counts["ready"] == CROWD else None
            while counts["ready"] < CROWD:
                assert condition.wait(PATIENCE)
            counts["woken"] += 1
        assert event.wait(PATIENCE)
        indices.append(last.wait(PATIENCE))

    def guarded():
        try:
            work()
        except BaseException as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=guarded, daemon=True) for _ in range(CROWD)]
    for each in threads:
        each.start()
    assert len({each.ident for each in threads if each.is_alive()}) == sum(
        each.is_alive() for each in threads
    )
    event.set()
    joined(threads)
    assert not failures, f"{len(failures)} failed, the first with {failures[0]}"
    assert counts["lock"] == counts["rlock"] == counts["woken"] == CROWD, counts
    assert counts["inside"] == 0 and 1 <= counts["most"] <= 7, counts
    assert sorted(indices) == list(range(CROWD))
    assert threading.active_count() == 1 and not threading._limbo
    ledger.add("threads", CROWD)


def torture(long, chance):
    threading, ledger = module(), Ledger()
    threading.stack_size(1 << 18)
    before = len(threading._dangling)
    for _ in range(20 if long else 2):
        once(threading, ledger)
        ledger.add("crowds")
    gc.collect()
    gc.collect()
    assert len(threading._dangling) <= before + 1, "threads outlive their end"
    return ledger


if __name__ == "__main__":
    main(torture)
