"""Several threads set the same flag to True, and it is only asked whether one of them did."""

import threading


class Checks:
    def __init__(self):
        self.failed = False
        self.seen = []

    def check(self, number):
        if number % 2:
            self.failed = True
        self.seen.append(number)


checks = Checks()
threads = [threading.Thread(target=checks.check, args=(n,)) for n in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(checks.failed, sorted(checks.seen))
print("end")
