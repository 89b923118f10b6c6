"""Hand-overs between threads, one at a time and in rings: none lost, none twice, in order."""

from common import PATIENCE, Ledger, joined, main, module


def events(threading, count, log):
    turns = [threading.Event(), threading.Event()]
    turns[0].set()

    def play(me):
        for _ in range(count):
            assert turns[me].wait(PATIENCE)
            turns[me].clear()
            log.append(me)
            turns[1 - me].set()

    return play, 2


def conditions(threading, count, log):
    condition, turn = threading.Condition(), [0]

    def play(me):
        for _ in range(count):
            with condition:
                assert condition.wait_for(lambda: turn[0] == me, PATIENCE)
                log.append(me)
                turn[0] = 1 - me
                condition.notify()

    return play, 2


def plain(threading, count, log):
    """A condition over a plain lock, and no predicate but the wake-up itself."""
    condition, turn = threading.Condition(threading.Lock()), [0]

    def play(me):
        with condition:
            for _ in range(count):
                while turn[0] != me:
                    assert condition.wait(PATIENCE)
                log.append(me)
                turn[0] = 1 - me
                condition.notify_all()

    return play, 2


def semaphores(threading, count, log):
    ring = [threading.Semaphore(0) for _ in range(8)]
    ring[0].release()

    def play(me):
        for _ in range(count // 4):
            assert ring[me].acquire(timeout=PATIENCE)
            log.append(me)
            ring[(me + 1) % 8].release()

    return play, 8


def locks(threading, count, log):
    ring = [threading.Lock() for _ in range(4)]
    for each in ring[1:]:
        each.acquire()

    def play(me):
        for _ in range(count // 2):
            assert ring[me].acquire(timeout=PATIENCE)
            log.append(me)
            ring[(me + 1) % 4].release()

    return play, 4


def barriers(threading, count, log):
    barrier, lock = threading.Barrier(4), threading.Lock()

    def play(me):
        for _ in range(count // 4):
            index = barrier.wait(PATIENCE)
            with lock:
                log.append(index)
            barrier.wait(PATIENCE)

    return play, 4


def queues(threading, count, log):
    """A bounded buffer over two conditions, with four writers and four readers."""
    lock = threading.RLock()
    room, goods, buffer = threading.Condition(lock), threading.Condition(lock), []

    def play(me):
        for number in range(count // 4):
            if me < 4:
                with room:
                    while len(buffer) >= 3:
                        assert room.wait(PATIENCE)
                    buffer.append((me, number))
                    goods.notify()
            else:
                with goods:
                    while not buffer:
                        assert goods.wait(PATIENCE)
                    log.append(buffer.pop(0))
                    room.notify()

    return play, 8


def right(log, make, players):
    """Whether the log is what this hand-over has to leave."""
    if make is barriers:
        rounds = [sorted(log[at : at + 4]) for at in range(0, len(log), 4)]
        return all(each == [0, 1, 2, 3] for each in rounds)
    if make is queues:
        inside = [[item for item in log if item[0] == me] for me in range(4)]
        return len(set(log)) == len(log) and all(each == sorted(each) for each in inside)
    return log == [at % players for at in range(len(log))]


def torture(long, chance):
    threading, ledger = module(), Ledger()
    kinds = [events, conditions, plain, semaphores, locks, barriers, queues] * (
        15 if long else 1
    )
    chance.shuffle(kinds)
    for make in kinds:
        count, log, failures = 4000, [], []
        play, players = make(threading, count, log)

        def guarded(me, play=play, failures=failures):
            try:
                play(me)
            except BaseException as error:
                failures.append(f"player {me}: {error!r}")

        threads = [
            threading.Thread(target=guarded, args=(me,), daemon=True) for me in range(players)
        ]
        for each in threads:
            each.start()
        joined(threads)
        assert not failures, f"{make.__name__}: {failures}"
        expected = {events: 2, conditions: 2, plain: 2, semaphores: 2, locks: 2}.get(make, 1)
        assert len(log) == expected * count, (
            f"{make.__name__}: {len(log)} of {expected * count}"
        )
        assert right(log, make, players), f"{make.__name__}: out of order"
        ledger.add("hand-overs", len(log))
        ledger.add("rings")
    return ledger


if __name__ == "__main__":
    main(torture)
