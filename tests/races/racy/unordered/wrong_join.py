"""The answers of two threads are read when one of them was joined. The other may be late."""

# race: unordered answers["slow"]

import threading

answers = {"quick": 0, "slow": 0}


def compute(name, numbers):
    answers[name] = sum(numbers)  # racing


quick = threading.Thread(target=compute, args=("quick", range(3)))
slow = threading.Thread(target=compute, args=("slow", range(50)))
slow.start()
quick.start()
quick.join()
total = answers["quick"] + answers["slow"]  # racing
slow.join()
print(total in (3, 1228))
print("end")
