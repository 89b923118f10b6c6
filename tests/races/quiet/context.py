"""Each thread sets a context variable, and runs a copy of a context that it alone has."""

import contextvars
import threading


class Session:
    def __init__(self, user):
        self.user = user
        self.requests = 0


session = contextvars.ContextVar("session")


def request():
    current = session.get()
    current.requests += 1
    return f"{current.user} {current.requests}"


def work(user, out):
    session.set(Session(user))
    request()
    out.append(contextvars.copy_context().run(request))


out = []
threads = [threading.Thread(target=work, args=(user, out)) for user in ("ann", "bob")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(out))
print("end")
