"""A service starts once, as its flag says. Two threads can both start it."""

# race: check Service.started

import threading


class Service:
    def __init__(self):
        self.started = False
        self.log = []

    def start(self):
        if not self.started:  # racing
            self.started = True  # racing
            self.log.append("start")


service = Service()
threads = [threading.Thread(target=service.start) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(service.log[0])
print("end")
