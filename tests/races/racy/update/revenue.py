"""Two tills add to a defaultdict of a report. A sale can be lost."""

# race: update Report.revenue["eu"]

import threading
from collections import defaultdict


class Report:
    def __init__(self):
        self.revenue = defaultdict(int)

    def sell(self, region, amount):
        self.revenue[region] += amount  # racing


report = Report()
threads = [threading.Thread(target=report.sell, args=("eu", n)) for n in (10, 20)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(report.revenue["eu"])
print("end")
