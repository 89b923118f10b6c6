"""Numbers come from one itertools.count, and each thread writes under its own number."""

import itertools
import threading

numbers = itertools.count(1)
tickets = {}


class Ticket:
    counter = itertools.count(100)

    def __init__(self, owner):
        self.number = next(Ticket.counter)
        self.owner = owner


def draw(owner):
    number = next(numbers)
    ticket = Ticket(owner)
    ticket.owner = owner.upper()
    tickets[number] = ticket


threads = [threading.Thread(target=draw, args=(owner,)) for owner in ("ann", "bob", "eve")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(tickets), sorted(ticket.number for ticket in tickets.values()))
print("end")
