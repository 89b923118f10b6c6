"""Patients wait in a PriorityQueue, which compares them; the doctor changes who is called."""

import queue
import threading


class Patient:
    def __init__(self, urgency, name):
        self.urgency = urgency
        self.name = name
        self.treated = False

    def __lt__(self, other):
        return self.urgency < other.urgency


waiting = queue.PriorityQueue()


def admit(urgency, name):
    waiting.put(Patient(urgency, name))


def treat(out):
    for _ in range(3):
        patient = waiting.get()
        patient.treated = True
        patient.urgency += 10
        out.append(f"{patient.name} {patient.urgency}")


out, names = [], ("ann", "bob", "eve")
threads = [threading.Thread(target=admit, args=item) for item in enumerate(names)]
doctor = threading.Thread(target=treat, args=(out,))
doctor.start()
for thread in threads:
    thread.start()
doctor.join()
print(sorted(out))
print("end")
