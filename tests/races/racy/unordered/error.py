"""Two uploads fail, and each writes the last error. Which one is told is chance."""

# race: unordered last_error in error.py

import threading

last_error = None


def upload(name):
    global last_error
    try:
        raise OSError(f"{name}: refused")
    except OSError as error:
        last_error = str(error)  # racing


threads = [threading.Thread(target=upload, args=(name,)) for name in ("a.txt", "b.txt")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(last_error.endswith("refused"))
print("end")
