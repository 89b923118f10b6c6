"""A connection is made at the first use. Two first uses at once make two of them."""

# race: check Database.connection

import threading


class Connection:
    def __init__(self, url):
        self.url = url


class Database:
    def __init__(self, url):
        self.url = url
        self.connection = None

    def connect(self):
        if self.connection is None:  # racing
            self.connection = Connection(self.url)  # racing


database = Database("db://orders")
threads = [threading.Thread(target=database.connect) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(database.connection.url)
print("end")
