"""A config object is replaced as a whole under a lock, and read under it; each value is
frozen."""

import dataclasses
import threading
import types


@dataclasses.dataclass(frozen=True)
class Config:
    version: int = 0
    names: tuple = ()
    options: types.MappingProxyType = types.MappingProxyType({})


class Store:
    def __init__(self):
        self._lock = threading.Lock()
        self._config = Config()
        self._watchers = []

    @property
    def config(self):
        with self._lock:
            return self._config

    def change(self, **changes):
        with self._lock:
            self._config = dataclasses.replace(
                self._config, version=self._config.version + 1, **changes
            )
            watchers = tuple(self._watchers)
            now = self._config
        for watcher in watchers:
            watcher(now)
        return now

    def add_name(self, name):
        with self._lock:
            old = self._config
            self._config = dataclasses.replace(
                old, names=(*old.names, name), version=old.version + 1
            )

    def watch(self, function):
        with self._lock:
            self._watchers.append(function)


store = Store()
seen = []
store.watch(seen.append)


def work(n):
    for at in range(10):
        store.add_name(f"{n}-{at}")
        store.change(options=types.MappingProxyType({"n": n}))
        config = store.config
        assert config.version >= len(config.names)
        if at == 5:
            store.watch(lambda config: seen.append(config.version))


threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(store.config.version, len(store.config.names))
print("end")
