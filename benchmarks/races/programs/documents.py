"""Documents into a database and out again: the time is json's, re's and SQLite's."""

import json
import re
import sqlite3
import threading

import measured

STDLIB = True

WORD = re.compile(r"\b[a-z]+ing\b")
TEXT = "walking and talking, the king was singing while others were sleeping in the rain. " * 40


def work(number, documents, found):
    with sqlite3.connect(":memory:") as database:
        database.execute("create table document (key integer primary key, body text)")
        rows = [
            (key, json.dumps({"key": key, "text": TEXT, "tags": list(range(200))}))
            for key in range(documents)
        ]
        database.executemany("insert into document values (?, ?)", rows)
        bodies = database.execute("select body from document where body like '%sleeping%'")
        total = sum(len(WORD.findall(json.loads(body)["text"])) for (body,) in bodies)
    database.close()
    found[number] = total


def main(scale):
    found = {}
    threads = [threading.Thread(target=work, args=(n, scale, found)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == dict.fromkeys(range(4), 5 * 40 * scale)


if __name__ == "__main__":
    measured.run(main, 1_100)
