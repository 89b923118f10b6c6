"""A task goes from one state to the next, if it is in the right one. Two can begin it."""

# race: check Task.state

import threading


class Task:
    def __init__(self):
        self.state = "new"

    def begin(self):
        if self.state == "new":  # racing
            self.state = "running"  # racing

    def cancel(self):
        if self.state == "new":  # racing
            self.state = "cancelled"  # racing


task = Task()
threads = [threading.Thread(target=task.begin), threading.Thread(target=task.cancel)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(task.state != "new")
print("end")
