"""A lock as a gate: the thread that has closed it waits in front of it, another opens it."""

import threading
import time

gate = threading.Lock()


def await_open():
    gate.acquire()


def opener():
    time.sleep(2.5)
    gate.release()


def main():
    gate.acquire()
    threading.Thread(target=opener).start()
    await_open()
    gate.release()


main()
print("end")
