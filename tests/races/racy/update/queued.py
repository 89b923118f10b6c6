"""Workers take numbers from a queue, which is safe, and add them to a sum, which is not."""

# race: update total in queued.py

import queue
import threading

numbers = queue.Queue()
total = 0


def work():
    global total
    number = numbers.get()
    total += number  # racing
    numbers.task_done()


for _ in range(2):
    threading.Thread(target=work).start()
for number in (3, 4):
    numbers.put(number)
numbers.join()
print(total)
print("end")
