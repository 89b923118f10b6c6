"""The answer is printed before anybody has waited for it."""

import threading

answer = None


def work():
    global answer
    answer = [6 * 7]


worker = threading.Thread(target=work, name="worker")
worker.start()
print(answer)
worker.join()
