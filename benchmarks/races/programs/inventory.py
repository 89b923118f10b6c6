"""A warehouse: orders wait until there is enough in stock, and deliveries wake them."""

import threading
from collections import namedtuple

import measured

Item = namedtuple("Item", "name stock sold")
NAMES = ("bolt", "nut", "screw", "nail")


class Warehouse:
    def __init__(self):
        self.changed = threading.Condition()
        self.items = {name: Item(name, 0, 0) for name in NAMES}
        self.orders = 0

    def deliver(self, name, count):
        with self.changed:
            item = self.items[name]
            self.items[name] = item._replace(stock=item.stock + count)
            self.changed.notify_all()

    def order(self, wanted):
        with self.changed:
            self.changed.wait_for(lambda: self.available(wanted))
            for name, count in wanted.items():
                item = self.items[name]
                self.items[name] = item._replace(
                    stock=item.stock - count, sold=item.sold + count
                )
            self.orders += 1

    def available(self, wanted):
        for name, count in wanted.items():  # noqa: SIM110
            if self.items[name].stock < count:
                return False
        return True


def buy(warehouse, first, rounds):
    for number in range(rounds):
        name, other = NAMES[(first + number) % 4], NAMES[(first + number + 1) % 4]
        warehouse.order({name: 1, other: 2})


def deliver(warehouse, rounds):
    for _ in range(rounds):
        for name in NAMES:
            warehouse.deliver(name, 30)


def main(scale):
    warehouse = Warehouse()
    buyers = [
        threading.Thread(target=buy, args=(warehouse, n, 10 * scale), name=f"buyer {n}")
        for n in range(4)
    ]
    driver = threading.Thread(target=deliver, args=(warehouse, scale), name="driver")
    for thread in (*buyers, driver):
        thread.start()
    for thread in (*buyers, driver):
        thread.join()
    assert warehouse.orders == 40 * scale
    assert sum(item.sold for item in warehouse.items.values()) == 120 * scale
    assert all(item.stock == 0 for item in warehouse.items.values())


if __name__ == "__main__":
    measured.run(main, 3_600)
