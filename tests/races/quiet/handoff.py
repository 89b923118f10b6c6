"""A message is filled, put into a queue, and changed by the thread that takes it out."""

import queue
import threading


class Message:
    def __init__(self, text):
        self.text = text
        self.steps = 0


def produce(messages):
    for text in ("one", "two", "three"):
        message = Message(text)
        message.steps += 1
        messages.put(message)
    messages.put(None)


def consume(messages, out):
    while (message := messages.get()) is not None:
        message.steps += 1
        message.text = message.text.upper()
        out.append(message)


for kind in (queue.Queue, queue.SimpleQueue):
    messages, out = kind(), []
    producer = threading.Thread(target=produce, args=(messages,))
    consumer = threading.Thread(target=consume, args=(messages, out))
    consumer.start()
    producer.start()
    producer.join()
    consumer.join()
    print([(message.text, message.steps) for message in out])
print("end")
