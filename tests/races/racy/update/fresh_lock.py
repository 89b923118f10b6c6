"""The lock is made in the method, so every call has its own, and it guards nothing."""

# race: update Votes.yes

import threading


class Votes:
    def __init__(self):
        self.yes = 0

    def vote(self, number):
        lock = threading.Lock()
        with lock:
            self.yes += number  # racing


votes = Votes()
voters = [threading.Thread(target=votes.vote, args=(1,)) for _ in range(4)]
for voter in voters:
    voter.start()
for voter in voters:
    voter.join()
print(votes.yes)
print("end")
