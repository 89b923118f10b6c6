"""A bounded queue is full, and its consumer waits for the producer to finish first."""

import queue
import threading

lines = queue.Queue(maxsize=2)


def produce():
    for number in range(10):
        lines.put(number)


def consume():
    producer.join()
    while not lines.empty():
        print(lines.get())


producer = threading.Thread(target=produce, name="producer")
consumer = threading.Thread(target=consume, name="consumer")
producer.start()
consumer.start()
consumer.join()
