"""More of SCTBench: what is left of real programs, and structures without locks."""

from .shared import Atomic, Guarded, bug, pause, queue, threading


@bug
def stringbuffer():
    """SCTBench stringbuffer-jdk1.4: a buffer is erased between its length and its text."""
    lock, text = threading.Lock(), list("abc")

    def append():
        with lock:
            length = len(text)
        with lock:
            if length > len(text):
                raise IndexError(length)

    def erase():
        with lock:
            text.clear()

    yield append, erase


@bug
def ctrace():
    """SCTBench ctrace-test: two threads end the tracing, and both close its file."""
    enabled, lock, closed = Guarded(True), threading.Lock(), []

    def end():
        if enabled.get():
            enabled.set(False)
            with lock:
                closed.append(1)

    yield end, end
    assert len(closed) == 1


@bug
def pbzip2():
    """SCTBench pbzip2-0.9.4: the queue is freed once all is written, and is still used."""
    fifo, written = [queue.Queue()], queue.Queue()
    all_done = Guarded(False)

    def consume():
        while True:
            blocks = fifo[0]
            assert blocks is not None, "used after it was freed"
            done = all_done.get()
            if not blocks.empty():
                written.put(blocks.get())
            elif done:
                return
            else:
                pause()

    def main():
        for number in range(2):
            fifo[0].put(number)
        all_done.set(True)
        for _ in range(2):
            written.get()
        fifo[0] = None

    yield consume, main


@bug
def aget():
    """SCTBench aget-bug2: what is saved in a hurry has counts that do not belong together."""
    offsets, lock, written, saved = [Guarded(0), Guarded(0)], threading.Lock(), [0], []

    def download(part):
        for _ in range(2):
            part.set(part.get() + 1)
            with lock:
                written[0] += 1

    def first():
        download(offsets[0])

    def second():
        download(offsets[1])

    def save():
        total = sum(part.get() for part in offsets)
        with lock:
            saved.append((total, written[0]))

    yield first, second, save
    assert saved[0][0] == saved[0][1]


@bug
def ferret():
    """SCTBench ferret: the last item is through before it is said that it is the last one."""
    items, said = queue.Queue(), Guarded(False)
    put = Guarded(0)

    def load():
        for number in range(3):
            put.set(number + 1)
            items.put(number)
        said.set(True)

    def store():
        got = 0
        while not (said.get() and put.get() == got):
            items.get()
            got += 1

    yield load, store


class _WorkStealQueue:
    """Its owner pushes and pops at the tail; others steal at the head, under a lock."""

    def __init__(self, size):
        self.lock, self.head, self.tail = threading.Lock(), Atomic(0), Atomic(0)
        self.elements, self.mask = [None] * size, size - 1

    def steal(self):
        with self.lock:
            head = self.head.get()
            self.head.set(head + 1)
            if head < self.tail.get():
                return self.elements[head & self.mask]
            self.head.set(head)

    def pop(self):
        tail = self.tail.get() - 1
        self.tail.set(tail)
        if self.head.get() <= tail:
            return self.elements[tail & self.mask]
        self.tail.set(tail + 1)
        with self.lock:
            tail = self.tail.get() - 1
            self.tail.set(tail)
            if self.head.get() <= tail:
                return self.elements[tail & self.mask]
            self.head.set(0)
            self.tail.set(0)

    def push(self, element):
        tail = self.tail.get()
        # One too many: a thief may still read there.
        if tail < self.head.get() + self.mask + 1:
            self.elements[tail & self.mask] = element
            self.tail.set(tail + 1)
            return
        with self.lock:
            head, count = self.head.get(), self.tail.get() - self.head.get()
            size = len(self.elements)
            self.elements = [self.elements[(head + n) % size] for n in range(count)]
            self.elements += [None] * (2 * size - count)
            self.mask = 2 * size - 1
            self.elements[count] = element
            self.head.set(0)
            self.tail.set(count + 1)


@bug
def work_steal_queue():
    """SCTBench chess.WorkStealQueue: a push takes the place that a thief is about to read."""
    jobs, done = _WorkStealQueue(2), []

    def do(job):
        if job is not None:
            done.append(job)

    def steal():
        for _ in range(2):
            do(jobs.steal())

    def work():
        for number in (0, 2):
            jobs.push(number)
            jobs.push(number + 1)
            do(jobs.pop())
        do(jobs.pop())
        do(jobs.pop())

    yield steal, work
    assert sorted(done) == [0, 1, 2, 3], done


@bug
def safe_stack():
    """SCTBench SafeStack: three take from a stack without locks; two get the same element."""
    head, count = Atomic(0), Atomic(3)
    following, owners = [Atomic(1), Atomic(2), Atomic(-1)], [Guarded(None) for _ in range(3)]

    def pop():
        while True:
            while count.get() > 1:
                first = head.get()
                after = following[first].swap(-1)
                if after >= 0:
                    if head.set_if(first, after):
                        count.add(-1)
                        return first
                    following[first].swap(after)
                else:
                    pause()
            pause()

    def push(element):
        while True:
            first = head.get()
            following[element].set(first)
            if head.set_if(first, element):
                break
        count.add(1)

    def use(name):
        for _ in range(2):
            element = pop()
            owners[element].set(name)
            assert owners[element].get() == name, "two have it"
            push(element)

    def first():
        use("first")

    def second():
        use("second")

    def third():
        use("third")

    yield first, second, third
