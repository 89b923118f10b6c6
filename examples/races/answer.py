"""The answer is used before anybody has waited for it.

raddle run --race examples/races/answer.py
"""

import threading

answer = [0]


def work():
    global answer
    answer = [6 * 7]


worker = threading.Thread(target=work, name="worker")
worker.start()
print("the answer has", len(answer), "numbers")
worker.join()
