"""The main thread joins a worker while it holds the lock that the worker wants."""

import threading

results_lock = threading.Lock()
results = []


def work():
    with results_lock:
        results.append(42)


worker = threading.Thread(target=work, name="worker")
with results_lock:
    worker.start()
    worker.join()
    print(results)
