"""Two accounts keep their locks in places that say nothing; the program has named them."""

import threading


def account(name):
    return {"balance": 100, "lock": threading.RLock(name=f"the lock of {name}")}


def move(source, target, amount):
    with source["lock"]:
        both.wait()
        with target["lock"]:
            source["balance"] -= amount
            target["balance"] += amount


both = threading.Barrier(2)
ann, bob = account("Ann"), account("Bob")
threads = [
    threading.Thread(target=move, args=(ann, bob, 5), name="Ann pays Bob"),
    threading.Thread(target=move, args=(bob, ann, 7), name="Bob pays Ann"),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
