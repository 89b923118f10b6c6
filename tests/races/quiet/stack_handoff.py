"""A list hands over: put in by append(), taken out by pop() in a try, and then changed."""

import threading

parcels = []
opened = []


class Parcel:
    def __init__(self, number):
        self.number = number
        self.open = False
        self.opened_by = None


def pack():
    for number in range(6):
        parcel = Parcel(number)
        parcel.number += 100
        parcels.append(parcel)


def unpack(name, packing):
    while True:
        ended = not packing.is_alive()
        try:
            parcel = parcels.pop()
        except IndexError:
            if ended:
                return
        else:
            parcel.open = True
            parcel.opened_by = name
            opened.append(parcel)


packing = threading.Thread(target=pack)
packing.start()
threads = [threading.Thread(target=unpack, args=(name, packing)) for name in ("ann", "bob")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(parcel.number for parcel in opened), all(parcel.open for parcel in opened))
print("end")
