"""Workers write into orders, which the main thread reads after the queue's join()."""

import queue
import threading


class Order:
    def __init__(self, number):
        self.number = number
        self.price = None


def work(orders):
    while True:
        order = orders.get()
        order.price = order.number * 10
        orders.task_done()


waiting = queue.Queue()
orders = [Order(n) for n in range(4)]
for _ in range(2):
    threading.Thread(target=work, args=(waiting,), daemon=True).start()
for order in orders:
    waiting.put(order)
waiting.join()
for order in orders:
    order.price += 1
print([order.price for order in orders])
print("end")
