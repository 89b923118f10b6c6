"""Requests wait in a dict; whoever has the answer pops its request and fills it in."""

import itertools
import queue
import threading
from concurrent.futures import Future


class Request:
    def __init__(self, text):
        self.text = text
        self.answered = 0
        self.future = Future()


class Client:
    def __init__(self):
        self.numbers = itertools.count()
        self.pending = {}
        self.wire = queue.SimpleQueue()

    def ask(self, text):
        request = Request(text)
        number = next(self.numbers)
        self.pending[number] = request
        self.wire.put(number)
        answer = request.future.result()
        request.answered += 1
        return answer, request.answered

    def serve(self):
        while (number := self.wire.get()) is not None:
            request = self.pending.pop(number)
            request.answered += 1
            request.future.set_result(request.text.upper())


client, out = Client(), []
server = threading.Thread(target=client.serve)
server.start()
threads = [threading.Thread(target=lambda t=t: out.append(client.ask(t))) for t in ("a", "b")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
client.wire.put(None)
server.join()
print(sorted(out), client.pending)
print("end")
