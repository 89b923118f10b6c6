"""A Celery application; as a program, it asks for tasks and checks what comes back.

Broker and results are folders, in CELERY_HOME.
"""

import os
import threading
import time

import celery

HOME = os.environ["CELERY_HOME"]
TASKS = 200

app = celery.Celery("tasks", broker="filesystem://", backend=f"file://{HOME}/results")
app.conf.update(
    broker_transport_options={
        "data_folder_in": f"{HOME}/queue",
        "data_folder_out": f"{HOME}/queue",
        "control_folder": f"{HOME}/control",
        "polling_interval": 0.05,
    },
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
)
lock = threading.Lock()
done = []


@app.task
def square(number):
    time.sleep(0.01)
    with lock:
        done.append(number)
    return number * number


def main():
    results = [square.delay(number) for number in range(TASKS)]
    found = [result.get(timeout=100, interval=0.05) for result in results]
    assert found == [number * number for number in range(TASKS)], found
    print(f"{len(found)} tasks")


if __name__ == "__main__":
    main()
