"""A web application with sessions and statistics behind a thread pool of its own."""

import queue
import threading
import time


class Session:
    def __init__(self, sid):
        self.sid = sid
        self.values = {}
        self.lock = threading.RLock()
        self.hits = 0
        self.last_seen = None

    def touch(self):
        with self.lock:
            self.hits += 1
            self.last_seen = time.monotonic()

    def set(self, key, value):
        with self.lock:
            self.values[key] = value

    def get(self, key, default=None):
        with self.lock:
            return self.values.get(key, default)


class SessionStore:
    def __init__(self):
        self._lock = threading.Lock()
        self._sessions = {}
        self.created = 0

    def open(self, sid):
        with self._lock:
            session = self._sessions.get(sid)
            if session is None:
                session = self._sessions[sid] = Session(sid)
                self.created += 1
            return session

    def close(self, sid):
        with self._lock:
            return self._sessions.pop(sid, None)

    def __len__(self):
        with self._lock:
            return len(self._sessions)


class Request:
    def __init__(self, sid, path):
        self.sid, self.path = sid, path
        self.response = None
        self.done = threading.Event()


class App:
    routes = {}  # noqa: RUF012

    def __init__(self):
        self.store = SessionStore()
        self.stats = {}
        self.stats_lock = threading.Lock()

    @classmethod
    def route(cls, path):
        def register(function):
            cls.routes[path] = function
            return function

        return register

    def handle(self, request):
        session = self.store.open(request.sid)
        session.touch()
        handler = self.routes.get(request.path)
        with self.stats_lock:
            self.stats[request.path] = self.stats.get(request.path, 0) + 1
        request.response = handler(self, session) if handler else "404"
        request.done.set()


@App.route("/")
def index(app, session):
    session.set("page", "index")
    return f"hello {session.sid}"


@App.route("/bye")
def bye(app, session):
    app.store.close(session.sid)
    return "bye"


class Server:
    def __init__(self, app, workers):
        self.app = app
        self.queue = queue.Queue(8)
        self.threads = [
            threading.Thread(target=self.work, name=f"w{n}") for n in range(workers)
        ]
        for thread in self.threads:
            thread.start()

    def work(self):
        while True:
            request = self.queue.get()
            if request is None:
                return
            self.app.handle(request)

    def submit(self, request):
        self.queue.put(request)
        return request

    def close(self):
        for _ in self.threads:
            self.queue.put(None)
        for thread in self.threads:
            thread.join()


app = App()
server = Server(app, 3)
sent = [server.submit(Request(f"u{n % 4}", "/" if n % 5 else "/bye")) for n in range(60)]
for request in sent:
    request.done.wait()
    assert request.response in ("bye", f"hello {request.sid}")
server.close()
print(sum(app.stats.values()), len(app.store) <= 4, app.store.created >= 4)
print("end")
