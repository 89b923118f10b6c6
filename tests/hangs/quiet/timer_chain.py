"""The program has come to its end, and each Timer starts another one: it lives on."""

import threading

left = 8


def tick():
    global left
    left -= 1
    if left:
        threading.Timer(0.3, tick).start()
    else:
        print("end")


tick()
