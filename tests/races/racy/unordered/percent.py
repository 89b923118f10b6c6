"""A window shows how far a copy is, read without a lock. It can show an old number."""

# race: unordered Copy.percent

import threading


class Copy:
    def __init__(self):
        self.lock = threading.Lock()
        self.percent = 0
        self.files = []

    def run(self):
        for number in (50, 100):
            with self.lock:
                self.files.append(number)
            self.percent = number  # racing


copy = Copy()
thread = threading.Thread(target=copy.run)
thread.start()
with copy.lock:
    shown = len(copy.files)
line = f"{copy.percent} %"  # racing
thread.join()
print(line.endswith("%"), shown <= 2)
print("end")
