"""A thread waits for its turn by a lock that it has taken: another gives it the turn."""

import threading
import time

turn = threading.Lock()


def give():
    time.sleep(2.5)
    turn.release()


def read():
    with turn:
        pass


def main():
    turn.acquire()
    threading.Thread(target=give).start()
    read()
    turn.acquire()
    turn.release()


main()
print("end")
