"""Two threads count the same page views."""

import threading


class Stats:
    def __init__(self):
        self.views = 0

    def seen(self):
        views = self.views
        self.views = views + 1


stats = Stats()
readers = [threading.Thread(target=stats.seen, name=name) for name in ("ann", "bob")]
for reader in readers:
    reader.start()
for reader in readers:
    reader.join()
