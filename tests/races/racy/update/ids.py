"""Numbers of tickets are given out by reading and adding. Two tickets can have one number."""

# race: update Office.next_number

import threading


class Office:
    def __init__(self):
        self.next_number = 1
        self.given = []

    def give(self):
        number = self.next_number  # racing
        self.next_number = number + 1  # racing
        self.given.append(number)


office = Office()
threads = [threading.Thread(target=office.give) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(office.given))
print("end")
