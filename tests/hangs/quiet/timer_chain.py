"""The program has come to its end, and each Timer starts another one: it lives on."""

import sys
import threading

left = 8 if sys.version_info[:2] != (3, 12) else 1  # 3.12 lets no thread start by then.


def tick():
    global left
    left -= 1
    if left:
        threading.Timer(0.3, tick).start()
    else:
        print("end")


threading.Timer(0.3, tick).start()
