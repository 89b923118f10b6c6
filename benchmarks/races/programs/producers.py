"""Producers put orders into a bounded queue, and consumers price them."""

import queue
import threading
from dataclasses import dataclass

import measured

PRICES = {"tea": 4, "coffee": 3, "cake": 5, "water": 1}


@dataclass
class Order:
    number: int
    items: list
    price: int = 0


def take_orders(orders, first, count):
    names = list(PRICES)
    for number in range(first, first + count):
        items = [names[(number + each) % len(names)] for each in range(number % 7 + 1)]
        orders.put(Order(number, items))


def price_orders(orders, priced):
    while (order := orders.get()) is not None:
        for item in order.items:
            order.price += PRICES[item]
        priced.put(order)
    priced.put(None)


def main(scale):
    orders, priced = queue.Queue(maxsize=64), queue.SimpleQueue()
    producers = [
        threading.Thread(target=take_orders, args=(orders, each * scale, scale))
        for each in range(3)
    ]
    consumers = [threading.Thread(target=price_orders, args=(orders, priced)) for _ in range(3)]
    for thread in producers + consumers:
        thread.start()
    for thread in producers:
        thread.join()
    for _ in consumers:
        orders.put(None)
    seen, ended, income = set(), 0, 0
    while ended < len(consumers):
        order = priced.get()
        if order is None:
            ended += 1
        else:
            seen.add(order.number)
            income += order.price
    for thread in consumers:
        thread.join()
    names = list(PRICES)
    assert len(seen) == 3 * scale
    assert income == sum(
        PRICES[names[(number + each) % len(names)]]
        for number in range(3 * scale)
        for each in range(number % 7 + 1)
    )


if __name__ == "__main__":
    measured.run(main, 34_000)
