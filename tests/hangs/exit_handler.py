"""The program has ended; an atexit handler waits for a thread that is not there any more."""

import atexit
import queue
import threading

answers = queue.Queue()
client = threading.Thread(target=answers.put, args=("hello",), name="client")
client.start()
client.join()
print(answers.get())


def bye():
    print(answers.get())


atexit.register(bye)
