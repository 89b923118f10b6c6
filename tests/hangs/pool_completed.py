"""A task goes through futures of its own pool as they are completed."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed


class Crawler:
    def __init__(self):
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="crawler")

    def fetch(self, link):
        return len(link)

    def crawl(self, links):
        found = [self.pool.submit(self.fetch, link) for link in links]
        return sum(future.result() for future in as_completed(found))


crawler = Crawler()
threading.Thread(target=time.sleep, args=(1000,), name="ticker", daemon=True).start()
print(crawler.pool.submit(crawler.crawl, ["a", "b"]).result())
