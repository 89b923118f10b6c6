"""Objects that die in several threads are counted in their class."""
# race: update Connection.live

import threading


class Connection:
    live = 0

    def __init__(self):
        self.is_open = False

    def open(self):
        self.is_open = True

    def close(self):
        Connection.live -= 1  # racing

    def __del__(self):
        self.close()


def work():
    Connection().open()


threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("end")
