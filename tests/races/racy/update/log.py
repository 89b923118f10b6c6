"""A log is one string that lines are added to. A line can be lost."""

# race: update Log.text

import threading


class Log:
    def __init__(self):
        self.text = ""

    def write(self, line):
        self.text += line + "\n"  # racing


log = Log()
threads = [threading.Thread(target=log.write, args=(f"line {n}",)) for n in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(log.text.splitlines()))
print("end")
