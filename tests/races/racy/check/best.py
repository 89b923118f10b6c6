"""The best score is compared, then replaced. A worse one can be written over a better."""

# race: check Scores.best

import threading


class Scores:
    def __init__(self):
        self.best = 0

    def report(self, score):
        if score > self.best:  # racing
            self.best = score  # racing


scores = Scores()
threads = [threading.Thread(target=scores.report, args=(score,)) for score in (9, 4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(scores.best in (4, 9))
print("end")
