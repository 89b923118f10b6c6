"""What lives is counted in a class; objects that die in several threads count down."""
# race: update Connection.live

import threading


class Connection:
    live = 0

    def __init__(self):
        self.is_open = False
        Connection.live += 1

    def open(self):
        self.is_open = True

    def close(self):
        Connection.live -= 1  # racing

    def __del__(self):
        self.close()


connections = [Connection() for _ in range(3)]


def use(connection):
    if connection.live:
        connection.open()


def work():
    use(connections.pop())


threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("end")
