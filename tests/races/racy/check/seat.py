"""A seat is looked at, then taken. Two guests can have the same one."""

# race: check seats[1]

import threading

seats = [None, None, None]


def reserve(number, guest):
    if seats[number] is None:  # racing
        seats[number] = guest  # racing


threads = [threading.Thread(target=reserve, args=(1, guest)) for guest in ("ann", "bob")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(seats[1] in ("ann", "bob"))
print("end")
