"""A database in memory is used by many threads under one lock."""

import sqlite3
import threading


class Database:
    def __init__(self):
        self.lock = threading.Lock()
        self.connection = sqlite3.connect(":memory:", check_same_thread=False)
        self.connection.execute("create table notes (owner text, note text)")
        self.statements = 0
        self.last_row = None

    def add(self, owner, note):
        with self.lock, self.connection:
            cursor = self.connection.execute("insert into notes values (?, ?)", (owner, note))
            self.statements += 1
            self.last_row = cursor.lastrowid

    def count(self):
        with self.lock:
            return self.connection.execute("select count(*) from notes").fetchone()[0]


database = Database()
threads = [threading.Thread(target=database.add, args=(f"user {n}", "note")) for n in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(database.count(), database.statements, database.last_row)
database.connection.close()
print("end")
