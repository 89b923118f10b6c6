"""A crawler: a frontier under a condition, seen under a lock, results per host, an end when all
are idle."""

import collections
import threading

LINKS = {n: [(n * 2 + k) % 40 for k in range(3)] for n in range(40)}


class Page:
    def __init__(self, url):
        self.url, self.links, self.depth, self.parsed = url, [], 0, False

    def parse(self):
        self.links = LINKS[self.url]
        self.parsed = True


class Frontier:
    def __init__(self):
        self.cond, self.todo, self.seen, self.busy, self.closed = (
            threading.Condition(),
            collections.deque(),
            set(),
            0,
            False,
        )

    def add(self, url, depth):
        with self.cond:
            if url in self.seen:
                return False
            self.seen.add(url)
            self.todo.append((url, depth))
            self.cond.notify()
            return True

    def take(self):
        with self.cond:
            while not self.todo:
                if self.busy == 0 or self.closed:
                    self.closed = True
                    self.cond.notify_all()
                    return None
                self.cond.wait()
            self.busy += 1
            return self.todo.popleft()

    def done(self):
        with self.cond:
            self.busy -= 1
            if not self.busy and not self.todo:
                self.cond.notify_all()


class Crawler:
    def __init__(self):
        self.frontier, self.pages, self.lock, self.by_host, self.errors = (
            Frontier(),
            {},
            threading.Lock(),
            {},
            [],
        )

    def work(self):
        while (job := self.frontier.take()) is not None:
            url, depth = job
            try:
                page = Page(url)
                page.depth = depth
                page.parse()
                if url == 13:
                    raise ValueError(url)
                with self.lock:
                    self.pages[url] = page
                    self.by_host.setdefault(url % 4, []).append(page)
                for link in page.links:
                    self.frontier.add(link, depth + 1)
            except ValueError as e:
                with self.lock:
                    self.errors.append(e)
            finally:
                self.frontier.done()

    def run(self, n):
        self.frontier.add(1, 0)
        ts = [threading.Thread(target=self.work) for _ in range(n)]
        for t in ts:
            t.start()
        for t in ts:
            t.join()
        for page in self.pages.values():
            page.depth += 1
        return sorted(self.pages)


c = Crawler()
print(len(c.run(3)), len(c.errors), sum(map(len, c.by_host.values())), c.frontier.busy)
print("end")
