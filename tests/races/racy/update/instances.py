"""A class counts its instances. Two connections opened at once can be counted as one."""

# race: update Connection.opened

import threading


class Connection:
    opened = 0

    def __init__(self, host):
        self.host = host
        Connection.opened += 1  # racing


hosts = ["alpha", "beta"]
threads = [threading.Thread(target=Connection, args=(host,)) for host in hosts]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(Connection.opened)
print("end")
