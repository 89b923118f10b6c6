"""A future is given its result before the context is stored that belongs to it."""

# race: unordered Call.context

import threading
from concurrent.futures import Future


class Call:
    def __init__(self):
        self.future = Future()
        self.context = "none"

    def run(self):
        self.future.set_result(42)
        self.context = "worker"  # racing


call = Call()
thread = threading.Thread(target=call.run)
thread.start()
answer = call.future.result()
context = call.context  # racing
thread.join()
print(answer, context in ("none", "worker"))
print("end")
