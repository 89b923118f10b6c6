"""Where a daemon thread may be when the interpreter ends: in Python code that raddle runs.

Each body runs in a daemon thread and gets into `slow()`, which says so and then never ends.
The program ends meanwhile, and the interpreter ends the thread the next time it wants to run.
(Up to 3.13 it unwinds the thread's stack, which frames of Rust must not notice.)
"""

import os

SUBJECT = os.environ.get("RADDLE_SUBJECT", "raddle")

PRELUDE = {
    "raddle": "from raddle import threading, queue, futures\n",
    "installed": (
        "import raddle; raddle.install()\nimport threading, queue\n"
        "import concurrent.futures as futures\n"
    ),
    "stdlib": "import threading, queue\nimport concurrent.futures as futures\n",
}[SUBJECT]

PROGRAM = """
import abc, gc, logging, sys, time, warnings, weakref
inside = threading.Semaphore(0)

def slow(*_, **__):
    inside.release()
    while True:
        time.sleep(0.0005)

class Slow:  # its end is slow
    def __del__(self):
        slow()
    def __call__(self, *_):
        return self
    def __lt__(self, other):
        return False
class Falsy(Slow):
    def __bool__(self):
        return False
class Error(Exception):
    __del__ = slow
class Text(str):
    __del__ = slow
class Float(float):
    __del__ = slow
class Number:
    __index__ = __float__ = __bool__ = __lt__ = __gt__ = __le__ = __ge__ = slow
class Compared:
    __lt__ = __eq__ = slow
class Shown:
    __repr__ = slow
    def acquire(self, *_): pass
    def release(self): pass
    def locked(self): return False
class Foreign:  # a lock whose every answer has a slow end
    def acquire(self, *_): return Slow()
    def release(self): return Slow()
    def _is_owned(self): return True
    def locked(self): return False
    __enter__, __exit__ = acquire, lambda self, *_: Slow()
class Saving(Foreign):
    _release_save = slow
class Restoring(Foreign):
    def _release_save(self): return Slow()
    _acquire_restore = slow
class Owned(Foreign):
    _is_owned = slow
def dropped(made):
    made.payload = Slow()
def collecting(make):  # a cycle of garbage waits for the collector, which the next object calls
    class Knot:
        def __init__(self): self.me = self
        __del__ = slow
    def again():
        gc.disable()
        Knot()
        gc.set_threshold(1, 1, 1)
        gc.enable()
        make(), make(), make(), make()
        gc.collect()  # where it would have taken more objects
    again()
class Event(threading.Event): pass
class Condition(threading.Condition): pass
class Semaphore(threading.Semaphore): pass
class Bounded(threading.BoundedSemaphore): pass
class Barrier(threading.Barrier): pass
class Future(futures.Future): pass
class Queue(queue.Queue): pass
class Heap(queue.PriorityQueue): pass
class Simple(queue.SimpleQueue): pass
class Again(Event): pass
class Waiting(threading.Condition):
    wait = notify = property(slow)

def work():
 {body}
threading.Thread(target=work, daemon=True).start()
print("end" if inside.acquire(timeout=60) else "nobody was inside", flush=True)
"""

# Each is a line of Python, or lines at an indentation of one space.
INSIDE = {
    # what is dropped
    "a predicate's answer": (
        "c = threading.Condition()\n with c: c.wait_for(lambda: Falsy(), 0.001)"
    ),
    "an action's result": "threading.Barrier(1, action=lambda: Slow()).wait()",
    "a callback's result": (
        "f = futures.Future(); f.add_done_callback(lambda f: Slow()); f.set_result(1)"
    ),
    "a foreign lock's answers": "threading.Condition(Foreign()).wait(0.001)",
    "a foreign lock's exit": "with threading.Condition(Foreign()): pass",
    "a timeout": "threading.Event().wait(Float(0.001))",
    "a timeout of a queue": (
        "try: queue.Queue().get(True, Float(0.001))\n except queue.Empty: pass"
    ),
    "an item that was got": "q = queue.Queue(); q.put(Slow()); q.get()",
    "a refused item": (
        "q = queue.Queue(1); q.put(1)\n try: q.put(Slow(), False)\n except queue.Full: pass"
    ),
    "an Event's attribute": "dropped(threading.Event())",
    "a Condition's attribute": "dropped(threading.Condition())",
    "a Semaphore's attribute": "dropped(threading.BoundedSemaphore())",
    "a Barrier's attribute": "dropped(threading.Barrier(1))",
    "a Queue's attribute": "dropped(queue.Queue())",
    "a Future's attribute": "dropped(futures.Future())",
    "an attribute's old value": "e = threading.Event(); e.a = Slow(); e.a = 1",
    "an attribute that is deleted": "e = threading.Event(); e.a = Slow(); del e.a",
    "a whole dict of attributes": "e = threading.Event(); e.a = Slow(); vars(e).clear()",
    "a subclass's attribute": "dropped(Event())",
    "a lock's weak reference": "l = threading.Lock(); r = weakref.ref(l, slow); del l",
    "an RLock's weak reference": "l = threading.RLock(); r = weakref.ref(l, slow); del l",
    "an Event's weak reference": "l = threading.Event(); r = weakref.ref(l, slow); del l",
    "a Condition's weak reference": "l = threading.Condition(); weakref.finalize(l, slow)",
    "a Semaphore's reference": "l = threading.Semaphore(); r = weakref.ref(l, slow); l = 1",
    "a Queue's weak reference": "l = queue.Queue(); r = weakref.ref(l, slow); del l",
    "a SimpleQueue's reference": "l = queue.SimpleQueue(); r = weakref.ref(l, slow); l = 1",
    "a Thread's weak reference": "t = threading.Thread(); r = weakref.ref(t, slow); del t",
    "a subclass's weak reference": "l = Semaphore(); r = weakref.ref(l, slow); del l",
    "a Queue's items": "q = queue.Queue(); q.put(Slow()); del q",
    "a LifoQueue's items": "q = queue.LifoQueue(); q.put(Slow()); del q",
    "a PriorityQueue's items": "q = queue.PriorityQueue(); q.put((1, Slow())); del q",
    "a SimpleQueue's items": "q = queue.SimpleQueue(); q.put(Slow()); del q",
    "an open queue's items": "q = queue.Queue(); q.mutex; q.put(Slow()); del q",
    "items of a second init": "q = queue.Queue(); q.put(Slow()); q.__init__()",
    "a condition's lock": (
        "class Lock(Foreign):\n  __del__ = slow\n c = threading.Condition(Lock()); del c"
    ),
    "a barrier's action": "b = threading.Barrier(1, action=Slow()); del b",
    "a barrier's action, replaced": (
        "b = threading.Barrier(1, action=Slow()); b.__init__(1); del b"
    ),
    "a future's result": "f = futures.Future(); f.set_result(Slow()); del f",
    "a future's exception": "f = futures.Future(); f.set_exception(Error()); del f",
    "an exception's note": (
        "e = ValueError(); e.add_note(Text('n')); f = futures.Future()\n"
        " f.set_exception(e); del e, f"
    ),
    "a pending future's callback": ("f = futures.Future(); f.add_done_callback(Slow()); del f"),
    "a callback that was called": (
        "f = futures.Future(); f.set_result(1); f.add_done_callback(Slow())"
    ),
    "an exception that is raised": (
        "f = futures.Future(); f.set_exception(Error())\n"
        " try: f.result()\n except Error: pass\n del f"
    ),
    "arguments that are refused": (
        "p = futures.ThreadPoolExecutor(1); p.shutdown()\n"
        " try: p.submit(int, Slow(), a=Slow())\n except RuntimeError: pass"
    ),
    "arguments of a wrong number": ("try: threading.Event(Slow(), 1)\n except TypeError: pass"),
    "arguments by a wrong name": (
        "try: threading.Semaphore(**{'x': Slow()})\n except TypeError: pass"
    ),
    "a thread's arguments": (
        "threading.Thread(target=lambda x: None, args=(Slow(),), daemon=True).start()"
    ),
    "a thread's keywords": (
        "threading.Thread(target=lambda x: 1, kwargs={'x': Slow()}, daemon=True).start()"
    ),
    "a thread's target": "threading.Thread(target=Slow(), daemon=True).start()",
    "a thread's result": "threading.Thread(target=lambda: Slow(), daemon=True).start()",
    "a thread's local values": (
        "def use():\n  local.x = Slow()\n"
        " local = threading.local(); threading.Thread(target=use, daemon=True).start()\n"
        " time.sleep(60)"
    ),
    # what is called
    "an action": "threading.Barrier(1, action=slow).wait()",
    "a predicate": "c = threading.Condition()\n with c: c.wait_for(slow)",
    "a callback": "f = futures.Future(); f.add_done_callback(slow); f.set_result(1)",
    "a callback of cancel()": "f = futures.Future(); f.add_done_callback(slow); f.cancel()",
    "a late callback": "f = futures.Future(); f.set_result(1); f.add_done_callback(slow)",
    "a foreign _release_save": "threading.Condition(Saving()).wait(0.001)",
    "a foreign _acquire_restore": "threading.Condition(Restoring()).wait(0.001)",
    "a foreign _is_owned": "threading.Condition(Owned()).notify()",
    "a foreign lock's repr": "repr(threading.Condition(Shown()))",
    "a subclass's wait": "Waiting().wait_for(lambda: False, 1)",
    "a subclass's notify": "Waiting().notify_all()",
    "__bool__ of a predicate's answer": (
        "c = threading.Condition()\n with c: c.wait_for(lambda: Number(), 0.001)"
    ),
    "__lt__": "q = queue.PriorityQueue(); q.put(Compared()); q.put(Compared())",
    "__lt__ of tuples": "q = queue.PriorityQueue(); [q.put((Compared(), n)) for n in (1, 2)]",
    "__index__ of a number": "threading.Semaphore(1).release(Number())",
    "__index__ of a timeout": "threading.Event().wait(Number())",
    "__bool__ of blocking": "threading.Semaphore(0).acquire(Number())",
    "__bool__ of block": "queue.Queue().get(Number())",
    "a warning": (
        "warnings.simplefilter('always'); warnings.showwarning = slow\n"
        " threading.Condition(threading.Lock()).notifyAll()"
    ),
    "a log": (
        "log = logging.getLogger('concurrent.futures'); h = logging.Handler()\n"
        " h.handle = slow; log.addHandler(h)\n"
        " f = futures.Future(); f.add_done_callback(lambda f: 1 / 0); f.set_result(1)"
    ),
    "an excepthook": (
        "threading.excepthook = slow\n"
        " threading.Thread(target=lambda: 1 / 0, daemon=True).start()"
    ),
    "a trace function": (
        "threading.settrace(slow); threading.Thread(target=int, daemon=True).start()"
    ),
    "a profile function": (
        "sys.setprofile(lambda *a: slow() if a[1] == 'c_call' else None)\n"
        " threading.Lock().acquire()"
    ),
    "a thread's run": "threading.Thread(target=slow, daemon=True).start()",
    "an abstract class's names": (
        "class Names:\n  __iter__ = slow\n"
        " class Abstract(threading.Event, metaclass=abc.ABCMeta): pass\n"
        " Abstract.__abstractmethods__ = Names()\n Abstract()"
    ),
    # what the collector ends
    **{
        f"the collector, for {made}": f"collecting(lambda: {made})"
        for made in (
            "threading.Lock()",
            "threading.RLock()",
            "threading.Event()",
            "threading.Condition()",
            "threading.Condition(threading.Lock())",
            "threading.Semaphore()",
            "threading.BoundedSemaphore()",
            "threading.Barrier(1)",
            "futures.Future()",
            "queue.Queue()",
            "queue.LifoQueue()",
            "queue.PriorityQueue()",
            "queue.SimpleQueue()",
            "Event()",
            "Condition()",
            "Semaphore()",
            "Bounded()",
            "Barrier(1)",
            "Future()",
            "Queue()",
            "Heap()",
            "Simple()",
            "Again()",
            "repr(threading.Event())",
            "threading.current_thread()",
            "threading.Event().wait(0)",
            "queue.Queue().join()",
        )
    },
    "the collector, for a deque": (
        "q = queue.Queue(); q.mutex\n collecting(lambda: (q.put(1), q.get()))"
    ),
}

# What only raddle has.
OWN = {
    "an audit hook": (
        "def hear(event, args):\n  if event.startswith('_thread.'): slow()\n"
        " sys.addaudithook(hear); threading.Thread(target=int, daemon=True).start()"
    ),
    "a map's iterator": (
        "import raddle\n class Inputs:\n  __iter__ = lambda self: self\n  __next__ = slow\n"
        " list(raddle.map(int, Inputs()))"
    ),
    "a map's iterator's end": (
        "import raddle\n class Inputs(Slow):\n  __iter__ = lambda self: iter([1])\n"
        " m = raddle.map(abs, Inputs()); next(m); del m"
    ),
    "a name": "threading.Event(name=Text('n'))",
    "a name that is replaced": "l = threading.Lock(name=Text('n')); del l",
    "a name's __str__": (
        "class Name(str):\n  __str__ = __repr__ = slow\n"
        " repr(threading.Event(name=Name('n'))); slow()"
    ),
}

BODIES = INSIDE if SUBJECT == "stdlib" else INSIDE | OWN


def program(name):
    """Return the text of a program whose daemon thread is inside of `name` at its end."""
    return PRELUDE + PROGRAM.format(body=BODIES[name])
