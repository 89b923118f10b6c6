"""Each thread has keys of its own: negative numbers, dataclasses that are made anew, tuples of
objects, enums."""

import dataclasses
import enum
import threading


@dataclasses.dataclass(frozen=True)
class Key:
    owner: int
    part: str


class Part(enum.Enum):
    HEAD = 1
    TAIL = 2


class Name(str):
    pass


counts, by_key, by_tuple, by_name = {-1: 0, -2: 0}, {}, {}, {}


def work(n):
    mine = -1 - n
    for at in range(20):
        counts[mine] += 1
        by_key[Key(n, "a")] = by_key.get(Key(n, "a"), 0) + 1
        by_tuple[Key(n, "b"), at % 2] = by_tuple.get((Key(n, "b"), at % 2), 0) + 1
        if Name(f"{n}-{at % 3}") not in by_name:
            by_name[Name(f"{n}-{at % 3}")] = at
        by_name[Name(f"{n}-{at % 3}")] += 1
        if Key(n, "c") in by_key:
            by_key[Key(n, "c")] += 1
        else:
            by_key[Key(n, "c")] = 1


threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(counts, by_key[Key(0, "a")], by_key[Key(1, "c")])
print("end")
