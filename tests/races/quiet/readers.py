"""A dict and a list that were filled before the start are walked and sorted by many at once."""

import threading

prices = {"tea": 3, "milk": 2, "bread": 4}
order = ["bread", "tea", "tea"]


def report(out):
    names = [name for name in sorted(prices) if prices[name] > 2]
    total = 0
    for name in order:
        total += prices[name]
    for name, price in prices.items():
        if name not in names:
            total -= price
    out.append((names, total, max(prices.values())))


out = []
order.append("milk")
threads = [threading.Thread(target=report, args=(out,)) for _ in range(3)]
for thread in threads:
    thread.start()
report(out)
for thread in threads:
    thread.join()
prices["cake"] = 9
order.clear()
print(out[0], len(out), all(line == out[0] for line in out))
print("end")
