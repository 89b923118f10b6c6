"""Readers and writers of a file each have a lock, but both count in one number."""

# race: update File.operations

import threading


class File:
    def __init__(self):
        self.read_lock = threading.Lock()
        self.write_lock = threading.Lock()
        self.text = "text"
        self.written = []
        self.operations = 0

    def read(self):
        with self.read_lock:
            self.operations += 1  # racing
            return self.text[:2]

    def write(self, text):
        with self.write_lock:
            self.operations += 1  # racing
            self.written.append(text)


file = File()
threads = [
    threading.Thread(target=file.read),
    threading.Thread(target=file.write, args=("more",)),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(file.operations, file.written)
print("end")
