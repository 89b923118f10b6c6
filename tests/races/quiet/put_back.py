"""What is taken out of a pool is put back when it was used; threads sort their own slices."""

import collections
import heapq
import threading


class Connection:
    def __init__(self, number):
        self.number = number
        self.uses = 0

    def __lt__(self, other):
        return self.number < other.number

    def use(self):
        self.uses += 1


made = [Connection(number) for number in range(15)]
listed = made[:3]
queued = collections.deque(made[3:6])
numbered = dict(enumerate(made[6:9]))
several = set(made[9:12])
heap = made[12:]
heapq.heapify(heap)
permits = threading.Semaphore(3)


def use_listed():
    connection = listed.pop()
    connection.use()
    listed.append(connection)


def use_queued():
    connection = queued.popleft()
    connection.use()
    queued.append(connection)


def use_numbered():
    number, connection = numbered.popitem()
    connection.use()
    numbered[number] = connection


def use_several():
    connection = several.pop()
    connection.use()
    several.add(connection)


def use_heap():
    connection = heapq.heappop(heap)
    connection.use()
    heapq.heappush(heap, connection)


def work():
    for use in (use_listed, use_queued, use_numbered, use_several, use_heap) * 10:
        with permits:
            use()


numbers = list(range(40, 0, -1))


def sort(first, last):
    numbers[first:last] = sorted(numbers[first:last])


threads = [threading.Thread(target=work) for _ in range(5)]
threads += [threading.Thread(target=sort, args=(at, at + 10)) for at in range(0, 40, 10)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(each.uses for each in made), numbers[:3], numbers[30:33])
print("end")
