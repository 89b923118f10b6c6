"""A Flask application with what real ones have: a lock, a pool, a thread in the back."""

import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from flask import Flask, jsonify

app = Flask(__name__)
pool = ThreadPoolExecutor(4)
lock = threading.Lock()
log = queue.Queue()
counts = {"requests": 0, "logged": 0}


def write():
    while True:
        log.get()
        with lock:
            counts["logged"] += 1
        log.task_done()


threading.Thread(target=write, name="writer", daemon=True).start()


def square(number):
    time.sleep(0.002)  # What a database would take.
    return number * number


@app.get("/square/<int:number>")
def in_the_thread(number):
    with lock:
        counts["requests"] += 1
    log.put(number)
    return jsonify(square(number))


@app.get("/pool/<int:number>")
def in_the_pool(number):
    return jsonify(sum(pool.map(square, range(number))))


@app.get("/counts")
def counted():
    log.join()
    with lock:
        return jsonify(counts)
