"""Containers of classes that take a lock in each method."""

import collections
import functools
import threading


def locked(method):
    @functools.wraps(method)
    def wrapper(self, *args, **kwargs):
        with self._lock:
            return method(self, *args, **kwargs)

    return wrapper


class SafeSet(set):
    def __init__(self, *args):
        super().__init__(*args)
        self._lock = threading.RLock()

    add = locked(set.add)
    discard = locked(set.discard)
    __contains__ = locked(set.__contains__)
    __len__ = locked(set.__len__)

    def __iter__(self):
        with self._lock:
            return iter(list(set.__iter__(self)))

    def add_new(self, value):
        with self._lock:
            if value in self:
                return False
            self.add(value)
            return True


class SafeDict(dict):
    def __init__(self, *args):
        super().__init__(*args)
        self._lock = threading.RLock()

    __getitem__ = locked(dict.__getitem__)
    __setitem__ = locked(dict.__setitem__)
    __delitem__ = locked(dict.__delitem__)
    __contains__ = locked(dict.__contains__)
    __len__ = locked(dict.__len__)
    get = locked(dict.get)
    pop = locked(dict.pop)

    def __iter__(self):
        with self._lock:
            return iter(list(super().keys()))

    def items(self):
        with self._lock:
            return list(super().items())

    def update_item(self, key, function, default=None):
        with self._lock:
            self[key] = function(self.get(key, default))


class SafeList(list):
    def __init__(self, *args):
        super().__init__(*args)
        self._lock = threading.RLock()

    append = locked(list.append)

    def __iter__(self):
        with self._lock:
            return iter(self[:])


class SafeDeque(collections.deque):
    lock = threading.RLock()

    def append(self, item):
        with self.lock:
            super().append(item)

    def __iter__(self):
        with self.lock:
            return iter(list(super().__iter__()))


names, table, log, recent = SafeSet(), SafeDict(), SafeList(), SafeDeque(maxlen=5)


def work(n):
    for at in range(15):
        names.add_new(at)
        table.update_item(at % 3, lambda old: (old or 0) + 1)
        table[n, at] = at
        log.append((n, at))
        recent.append(at)
        for name in names:
            assert name in range(15)
        for _key in table:
            pass
        for _key, _value in table.items():
            pass
        for _each in log:
            pass
        for _each in recent:
            pass
        if (n, at - 2) in table:
            pass
        table.pop((n, at - 3), None)


threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(names), table[0], len(log), len(recent))
print("end")
