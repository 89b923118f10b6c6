"""Executors in executors, submit from tasks, chains of callbacks on one future, a dag of tasks
with counts of what is left."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor


class Task:
    def __init__(self, name, f, *deps):
        self.name, self.f, self.deps, self.after, self.left, self.value, self.state = (
            name,
            f,
            deps,
            [],
            len(deps),
            None,
            "new",
        )


class Dag:
    def __init__(self, pool):
        self.pool, self.lock, self.tasks, self.order, self.end, self.open = (
            pool,
            threading.Lock(),
            {},
            [],
            threading.Event(),
            0,
        )

    def add(self, name, f, *deps):
        t = self.tasks[name] = Task(name, f, *deps)
        for d in deps:
            self.tasks[d].after.append(t)
        return t

    def run(self):
        self.open = len(self.tasks)
        for t in list(self.tasks.values()):
            if not t.deps:
                self.pool.submit(self.go, t)
        self.end.wait()
        return {n: t.value for n, t in self.tasks.items()}

    def go(self, t):
        t.state = "running"
        t.value = t.f(*(self.tasks[d].value for d in t.deps))
        t.state = "done"
        ready = []
        with self.lock:
            self.order.append(t.name)
            self.open -= 1
            for a in t.after:
                a.left -= 1
                if a.left == 0:
                    ready.append(a)
            last = self.open == 0
        for a in ready:
            self.pool.submit(self.go, a)
        if last:
            self.end.set()


with ThreadPoolExecutor(3) as pool:
    d = Dag(pool)
    d.add("a", lambda: {"v": 1})
    d.add("b", lambda a: {**a, "b": 2}, "a")
    d.add("c", lambda a: a["v"] + 5, "a")
    d.add("d", lambda b, c: b["b"] + c, "b", "c")
    d.add("e", lambda d: d + 1, "d")
    d.add("f", lambda: 3)
    print(sorted((k, str(v)) for k, v in d.run().items()), d.order[-1] in "ef")
state = {"steps": [], "n": 0}


def step(name):
    def go(f):
        state["steps"].append(name)
        state["n"] += 1

    return go


f = Future()
for k in "abc":
    f.add_done_callback(step(k))
t = threading.Thread(target=f.set_result, args=(1,))
t.start()
f.result()
t.join()
f.add_done_callback(step("d"))
print(state)
outer, inner = ThreadPoolExecutor(2), ThreadPoolExecutor(2)


class Acc:
    def __init__(self):
        self.n = 0


def part(acc, k):
    acc.n += k
    return acc


def whole(k):
    accs = [Acc(), Acc()]
    for g in [inner.submit(part, a, k) for a in accs]:
        g.result().n += 1
    return sum(a.n for a in accs)


print(sum(outer.map(whole, range(5))))
outer.shutdown()
inner.shutdown()
print("end")
