"""Each thread multiplies its own rows into its own object, and they are added after join()."""

import threading

left = [[1, 2], [3, 4], [5, 6]]
right = [[1, 0], [0, 2]]


class Product:
    def __init__(self, rows):
        self.rows = rows
        self.result = []
        self.steps = 0

    def run(self):
        for row in self.rows:
            values = [0, 0]
            for i in range(2):
                for j in range(2):
                    values[i] += row[j] * right[j][i]
                    self.steps += 1
            self.result.append(values)


products = [Product(left[:1]), Product(left[1:])]
threads = [threading.Thread(target=product.run) for product in products]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
products[0].steps += products[1].steps
products[0].result += products[1].result
print(products[0].result, products[0].steps)
print("end")
