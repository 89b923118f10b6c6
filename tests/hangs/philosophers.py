"""Three philosophers, each with the left fork in hand."""

import threading

forks = [threading.Lock() for _ in range(3)]
seated = threading.Barrier(3)


def dine(place):
    left, right = forks[place], forks[(place + 1) % 3]
    with left:
        seated.wait()
        with right:
            print("eats")


guests = [threading.Thread(target=dine, args=(i,), name=f"guest-{i}") for i in range(3)]
for guest in guests:
    guest.start()
for guest in guests:
    guest.join()
