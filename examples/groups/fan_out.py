"""Two requests, each of which asks for two things, one of them in vain: Ctrl-\\ shows that."""

import raddle
from raddle import queue

answers = queue.Queue()  # where nobody puts anything


def prices(article):
    raddle.sleep(60)
    return 120


def stock(article):
    return answers.get()


def answer(article):
    with raddle.Group(deadline=30, name=f"request {article}") as group:
        price = group.start(prices, article)
        left = group.start(stock, article)
    return f"{article}: {price.result()}, {left.result()} left"


with raddle.Group(name="service") as service:
    for article in ("loom", "shuttle"):
        service.start(answer, article)
    print("two requests are being answered", flush=True)
