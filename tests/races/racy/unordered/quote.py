"""Two feeds write the latest price of one share. Which of them stays is chance."""

# race: unordered latest["ACME"]

import threading

latest = {"ACME": 0.0}


def feed(prices):
    for price in prices:
        latest["ACME"] = price  # racing


threads = [threading.Thread(target=feed, args=(prices,)) for prices in ([1.5], [2.5])]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(latest["ACME"] > 1)
print("end")
