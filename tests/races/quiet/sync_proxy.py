"""A proxy and a namespace that take a lock in __setattr__, __getattribute__ and the like."""

import threading


class Synchronized:
    def __init__(self, **values):
        object.__setattr__(self, "_lock", threading.RLock())
        object.__setattr__(self, "_values", {})
        for name, value in values.items():
            setattr(self, name, value)

    def __getattr__(self, name):
        with object.__getattribute__(self, "_lock"):
            try:
                return object.__getattribute__(self, "_values")[name]
            except KeyError:
                raise AttributeError(name) from None

    def __setattr__(self, name, value):
        with object.__getattribute__(self, "_lock"):
            object.__getattribute__(self, "_values")[name] = value

    def __delattr__(self, name):
        with object.__getattribute__(self, "_lock"):
            del object.__getattribute__(self, "_values")[name]

    def __enter__(self):
        object.__getattribute__(self, "_lock").acquire()
        return self

    def __exit__(self, *_):
        object.__getattribute__(self, "_lock").release()


class Local:
    """Each thread has its own attributes."""

    def __init__(self):
        object.__setattr__(self, "_store", threading.local())

    def __getattr__(self, name):
        return getattr(object.__getattribute__(self, "_store"), name)

    def __setattr__(self, name, value):
        setattr(object.__getattribute__(self, "_store"), name, value)


class ByIdent:
    def __init__(self):
        object.__setattr__(self, "_by", {})

    def __getattr__(self, name):
        try:
            return self._by[threading.get_ident()][name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name, value):
        self._by.setdefault(threading.get_ident(), {})[name] = value


shared, local, by = Synchronized(count=0, name="x"), Local(), ByIdent()


def work(n):
    local.user = n
    by.user = n
    for at in range(10):
        with shared:
            shared.count += 1
            shared.name = f"{n}"
        shared.last = at
        _ = shared.last
        local.user += 1
        by.user += 1
    assert local.user == n + 10 == by.user


threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
with shared:
    print(shared.count)
print("end")
