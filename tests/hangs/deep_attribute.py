"""Locks that are kept deep inside of an application's objects."""

import threading


class Store:
    def __init__(self):
        self.lock = threading.RLock()


class Session:
    def __init__(self):
        self.store = Store()


class Application:
    def __init__(self):
        self.session, self.cache = Session(), Store()
        self.ready = threading.Barrier(2)

    def save(self):
        with self.session.store.lock:
            self.ready.wait()
            self.clear()

    def clear(self):
        with self.cache.lock:
            pass

    def reload(self):
        with self.cache.lock:
            self.ready.wait()
            with self.session.store.lock:
                pass


application = Application()
threading.Thread(target=application.save, name="saver").start()
threading.Thread(target=application.reload, name="loader").start()
