"""A report adds up the values of a dict while a till adds a region."""

# race: walk Report.sales

import threading


class Report:
    def __init__(self):
        self.sales = {"eu": 10, "us": 20}

    def add(self, region, amount):
        self.sales[region] = amount  # racing

    def total(self):
        try:
            return sum(amount for amount in self.sales.values())  # racing
        except RuntimeError:
            return 30


report, totals = Report(), []
threads = [
    threading.Thread(target=report.add, args=("asia", 5)),
    threading.Thread(target=lambda: totals.append(report.total())),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(totals[0] in (30, 35))
print("end")
