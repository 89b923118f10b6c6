"""An event emitter: one thread emits, others come and go, and one lists who listens."""

import drive
from pyee.base import EventEmitter

PACKAGE = "pyee"

emitter = EventEmitter()


def come_and_go():
    for _ in range(100):
        handler = [].append
        emitter.on("news", handler)
        emitter.once("news", [].append)
        emitter.remove_listener("news", handler)


def emit():
    for number in range(100):
        emitter.emit("news", number)


def look():
    for _ in range(100):
        try:
            emitter.listeners("news")
            emitter.event_names()
        except RuntimeError:
            pass


drive.together(come_and_go, come_and_go, emit, look)
