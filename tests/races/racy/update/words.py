"""Two threads count the words of two texts in one dict. A word that both have can be missed."""

# race: update counts["the"]

import threading

counts = {"the": 0, "cat": 0, "dog": 0}


def count(text):
    for word in text.split():
        counts[word] += 1  # racing


threads = [threading.Thread(target=count, args=(text,)) for text in ("the cat", "the dog")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(counts["the"])
print("end")
