"""Small programs for a machine with a stack, run by as many machines as there are threads."""

import threading

import measured

FIBONACCI = (
    ("push", 0), ("store", "a"), ("push", 1), ("store", "b"),
    ("label", "loop"),
    ("load", "n"), ("zero", "end"),
    ("load", "b"), ("load", "a"), ("load", "b"), ("add", None), ("store", "b"), ("store", "a"),
    ("load", "n"), ("push", 1), ("subtract", None), ("store", "n"),
    ("jump", "loop"),
    ("label", "end"),
    ("load", "a"), ("halt", None),
)  # fmt: skip


class Machine:
    steps = 0
    lock = threading.Lock()

    def __init__(self, code, **names):
        self.code, self.names = code, names
        self.stack, self.at, self.done = [], 0, 0
        self.running = True
        self.labels = {arg: n for n, (name, arg) in enumerate(code) if name == "label"}

    def run(self):
        while self.running:
            name, arg = self.code[self.at]
            self.at += 1
            self.done += 1
            getattr(self, f"do_{name}")(arg)
        with Machine.lock:
            Machine.steps += self.done
        return self.stack.pop()

    def do_push(self, arg):
        self.stack.append(arg)

    def do_load(self, arg):
        self.stack.append(self.names[arg])

    def do_store(self, arg):
        self.names[arg] = self.stack.pop()

    def do_add(self, arg):
        self.stack.append((self.stack.pop() + self.stack.pop()) % 1_000_003)

    def do_subtract(self, arg):
        right = self.stack.pop()
        self.stack.append(self.stack.pop() - right)

    def do_label(self, arg):
        pass

    def do_jump(self, arg):
        self.at = self.labels[arg]

    def do_zero(self, arg):
        if self.stack.pop() == 0:
            self.at = self.labels[arg]

    def do_halt(self, arg):
        self.running = False


def work(answers, first, last):
    for n in range(first, last, 4):
        answers[n] = Machine(FIBONACCI, n=n).run()


def main(scale):
    answers = [0] * scale
    threads = [threading.Thread(target=work, args=(answers, n, scale)) for n in range(4)]
    before = Machine.steps
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    a, b = 0, 1
    for answer in answers:
        assert answer == a
        a, b = b, (a + b) % 1_000_003
    assert Machine.steps - before == sum(4 + 14 * n + 3 + 3 for n in range(scale))


if __name__ == "__main__":
    measured.run(main, 520)
