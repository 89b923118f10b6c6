"""Map and reduce with partitions: counters per thread merged in the end; shards; a combiner;
named tuples replaced."""

import collections
import functools
import itertools
import operator
import threading
from concurrent.futures import ThreadPoolExecutor

Row = collections.namedtuple("Row", "key value seen", defaults=(0,))
text = ["the cat sat", "the dog ran", "a cat ran far"] * 5


class Shard:
    def __init__(self):
        self.lock, self.rows, self.order = threading.Lock(), {}, []

    def add(self, key, value):
        with self.lock:
            row = self.rows.get(key)
            self.rows[key] = (
                Row(key, value)
                if row is None
                else row._replace(value=row.value + value, seen=row.seen + 1)
            )
            if row is None:
                self.order.append(key)


shards = [Shard() for _ in range(3)]
partial = [collections.Counter() for _ in range(3)]


def mapper(n, lines):
    mine = partial[n]
    for line in lines:
        for word in line.split():
            mine[word] += 1
            shards[len(word) % 3].add(word, 1)
    return mine


def chunks(seq, n):
    return [seq[k::n] for k in range(n)]


with ThreadPoolExecutor(3) as pool:
    found = functools.reduce(operator.add, pool.map(mapper, range(3), chunks(text, 3)))
merged = collections.Counter()
for p in partial:
    merged.update(p)
assert merged == found == {r.key: r.value for s in shards for r in s.rows.values()}
groups = collections.defaultdict(list)
glock = threading.Lock()


def group(lines):
    local = collections.defaultdict(list)
    for line in lines:
        for w in line.split():
            local[w[0]].append(w)
    with glock:
        for k, v in local.items():
            groups[k] += v


ts = [threading.Thread(target=group, args=(c,)) for c in chunks(text, 3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(sum(map(len, groups.values())), len(merged))
totals = dict.fromkeys("abc", 0)
tl = {k: threading.Lock() for k in "abc"}


def add(ks):
    for k in ks:
        with tl[k]:
            totals[k] += 1


ts = [threading.Thread(target=add, args=(ks,)) for ks in itertools.permutations("abc")]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(totals)
print("end")
