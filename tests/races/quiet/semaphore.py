"""Semaphores as locks: one permit guards a sum, and a bounded one a list that is walked."""

import threading

guard = threading.Semaphore(1)
walked = threading.BoundedSemaphore(1)
total = 0
seen = []


def work(number):
    global total
    with guard:
        total += number
    walked.acquire()
    try:
        for other in seen:
            if other == number:
                break
        else:
            seen.append(number)
    finally:
        walked.release()


threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2, 2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(total, sorted(seen))
print("end")
