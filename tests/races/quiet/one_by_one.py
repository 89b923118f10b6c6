"""Threads that are joined before the next is started change one counter without a lock."""

import threading

total = 0


class Log:
    text = ""

    def write(self, line):
        self.text += line


def work(log, number):
    global total
    total += number
    log.write(f"{number};")


log = Log()
for number in range(5):
    thread = threading.Thread(target=work, args=(log, number))
    thread.start()
    thread.join()
    total += 100
print(total, log.text)
print("end")
