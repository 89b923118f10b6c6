"""A buffer is copied, and emptied if there was something: what comes in between is lost."""
# race: check buffer in drained.py

import threading

buffer, written = [], []


def drain():
    pending = buffer[:]  # racing
    if pending:
        buffer.clear()  # racing
        written.extend(pending)


def work(number):
    buffer.append(number)
    drain()


threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("end")
