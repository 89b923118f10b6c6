"""A semaphore of two permits lets two downloads count at once. A count can be lost."""

# race: update Downloads.finished

import threading


class Downloads:
    def __init__(self):
        self.slots = threading.Semaphore(2)
        self.finished = 0
        self.files = {}

    def fetch(self, name):
        with self.slots:
            self.files[name] = name.encode()
            self.finished += 1  # racing


downloads = Downloads()
threads = [threading.Thread(target=downloads.fetch, args=(name,)) for name in "abc"]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(downloads.finished, sorted(downloads.files))
print("end")
