"""Exchange rates are replaced as a whole, under a lock that their reader does not take."""

# race: unordered Rates.table

import threading


class Rates:
    def __init__(self):
        self.lock = threading.Lock()
        self.lookups = 0
        self.table = {"usd": 1.0}

    def refresh(self, table):
        with self.lock:
            self.table = table  # racing

    def convert(self, amount, currency):
        with self.lock:
            self.lookups += 1
        return amount * self.table[currency]  # racing


rates, out = Rates(), []
refreshing = threading.Thread(target=rates.refresh, args=({"usd": 1.5},))
converting = threading.Thread(target=lambda: out.append(rates.convert(2, "usd")))
refreshing.start()
converting.start()
refreshing.join()
converting.join()
print(out[0] in (2, 3))
print("end")
