"""A message is changed after it was put into the queue. Who took it can see either text."""

# race: unordered Message.text

import queue
import threading


class Message:
    def __init__(self, text):
        self.text = text


messages = queue.Queue()


def send():
    message = Message("draft")
    messages.put(message)
    message.text = "sent"  # racing


def receive(out):
    message = messages.get()
    out.append(message.text)  # racing


out = []
threads = [threading.Thread(target=receive, args=(out,)), threading.Thread(target=send)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(out))
print("end")
