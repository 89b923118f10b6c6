"""larzcache: hits of a file cache are not counted."""

import tempfile

import harm
import larzcache

with tempfile.TemporaryDirectory() as folder:
    cache = larzcache.FileCache(folder)
    cache.set("key", 1)
    asked = 0

    def ask():
        for _ in range(500):
            cache.get("key")

    for number in harm.rounds():
        harm.together(ask, ask, ask)
        asked += 3 * 500
        if cache.hits != asked:
            harm.shown(number, f"of {asked} hits, {cache.hits} were counted")
