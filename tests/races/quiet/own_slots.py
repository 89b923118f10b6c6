"""Every thread writes its own index of a list and its own key of a dict."""

import threading

results = [0] * 4
names = {}


def work(number):
    for step in range(5):
        results[number] += step
    names[number] = 0
    names[number] += number * 10


threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for number in range(4):
    results[number] += 1
print(results, sorted(names.items()))
print("end")
