"""Actors with mailboxes; a supervisor starts them again."""

import collections
import queue
import threading


class Actor(threading.Thread):
    count = 0

    def __init__(self, system, name):
        super().__init__(name=name)
        self.system = system
        self.mailbox = queue.SimpleQueue()
        self.handled = collections.Counter()
        self.state = "new"

    def tell(self, kind, *args):
        self.mailbox.put((kind, args))

    def run(self):
        self.state = "running"
        while True:
            kind, args = self.mailbox.get()
            self.handled[kind] += 1
            if kind == "stop":
                break
            try:
                getattr(self, "on_" + kind)(*args)
            except Exception as error:
                self.state = "failed"
                self.system.failed(self, error)
                return
        self.state = "stopped"


class Counter(Actor):
    def __init__(self, *args):
        super().__init__(*args)
        self.value = 0

    def on_add(self, amount):
        self.value += amount

    def on_ask(self, reply):
        reply.put(self.value)

    def on_fail(self):
        raise ValueError(self.value)


class System:
    def __init__(self):
        self.failures = queue.Queue()
        self.actors = {}

    def spawn(self, kind, name):
        actor = kind(self, name)
        self.actors[name] = actor
        actor.start()
        return actor

    def failed(self, actor, error):
        self.failures.put((actor, error))

    def supervise(self):
        actor, error = self.failures.get()
        actor.join()
        new = type(actor)(self, actor.name)
        new.value = error.args[0]
        new.handled.update(actor.handled)
        self.actors[actor.name] = new
        new.start()
        return new


system = System()
counter = system.spawn(Counter, "counter")


def client(actor, n):
    for _ in range(n):
        actor.tell("add", 2)


threads = [threading.Thread(target=client, args=(counter, 20)) for _ in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
counter.tell("fail")
new = system.supervise()
reply = queue.SimpleQueue()
new.tell("ask", reply)
print(reply.get())
new.tell("stop")
new.join()
print(new.state, new.handled["add"])
print("end")
