"""pyee: asking who listens raises, since another thread adds a listener."""

import harm
from pyee.base import EventEmitter

for number in harm.rounds():
    emitter = EventEmitter()

    def add(emitter=emitter):
        for _ in range(1000):
            emitter.on("news", [].append)

    def look(emitter=emitter):
        for _ in range(500):
            emitter.listeners("news")

    raised = harm.together(add, add, look)
    if raised:
        harm.shown(number, f"listeners() raised {raised[0]!r}")
