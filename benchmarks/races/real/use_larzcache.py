"""A cache in memory over one in files, used by three threads."""

import tempfile

import drive
import larzcache

PACKAGE = "larzcache"

with tempfile.TemporaryDirectory() as folder:
    files = larzcache.FileCache(folder)
    cache = larzcache.Tiered(larzcache.LRUCache(maxsize=20), files)

    def work(name):
        for number in range(40):
            cache.get_or_set(f"{name} {number % 10}", lambda: 1)
            files.get(f"{name} {number}")

    drive.together(lambda: work("a"), lambda: work("b"), lambda: work("c"))
