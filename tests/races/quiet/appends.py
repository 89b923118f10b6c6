"""Threads append to one list, add to one set and set defaults of one dict: each is one call."""

import threading

lines, tags, first = [], set(), {}


def work(number):
    lines.append(f"line {number % 2}")
    tags.add(number % 2)
    first.setdefault("winner", "somebody")
    first.setdefault(number, []).append(number)


threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(lines), sorted(tags), first["winner"], len(first))
print("end")
