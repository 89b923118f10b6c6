"""A job, with slots, is marked as done by its worker and as cancelled by the user."""

# race: unordered Job.state

import threading


class Job:
    __slots__ = ("name", "state")

    def __init__(self, name):
        self.name = name
        self.state = "running"

    def finish(self):
        self.state = "done"  # racing

    def cancel(self):
        self.state = "cancelled"  # racing


job = Job("backup")
thread = threading.Thread(target=job.finish)
thread.start()
job.cancel()
thread.join()
print(job.state != "running")
print("end")
