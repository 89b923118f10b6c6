"""A shop looks whether something is in stock, then sells it. The last one can be sold twice."""

# race: check Shop.stock
# also: update Shop.stock

import threading


class Shop:
    def __init__(self, stock):
        self.stock = stock
        self.orders = []

    def buy(self, customer):
        if self.stock > 0:  # racing
            self.stock -= 1  # racing
            self.orders.append(customer)


shop = Shop(stock=2)
customers = [threading.Thread(target=shop.buy, args=(name,)) for name in ("ann", "bob")]
for customer in customers:
    customer.start()
for customer in customers:
    customer.join()
print(len(shop.orders))
print("end")
