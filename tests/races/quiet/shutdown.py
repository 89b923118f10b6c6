"""Tasks write into a dict of results, which is walked when the pool was shut down."""

from concurrent.futures import ThreadPoolExecutor


class Results:
    def __init__(self):
        self.by_name = {}
        self.last = {}

    def count(self, name, text):
        self.last[name] = None
        self.by_name[name] = len(text)
        self.last[name] = text[-1]


results = Results()
pool = ThreadPoolExecutor(2)
for name, text in (("a", "first"), ("b", "second"), ("c", "third")):
    pool.submit(results.count, name, text)
pool.shutdown(wait=True)
for name in sorted(results.by_name):
    results.by_name[name] += 1
    print(name, results.by_name[name], results.last[name])
print("end")
