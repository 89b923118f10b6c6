"""A mailbox of one letter, with a condition: who waits for the letter may then change it."""

import threading


class Mailbox:
    def __init__(self):
        self.changed = threading.Condition()
        self.letter = None

    def put(self, letter):
        with self.changed:
            self.changed.wait_for(lambda: self.letter is None)
            self.letter = letter
            self.changed.notify_all()

    def take(self):
        with self.changed:
            while self.letter is None:
                self.changed.wait()
            letter, self.letter = self.letter, None
            self.changed.notify_all()
        return letter


def write(mailbox):
    for text in ("dear", "yours"):
        letter = {"text": text, "read": False}
        letter["text"] += "!"
        mailbox.put(letter)


mailbox = Mailbox()
writer = threading.Thread(target=write, args=(mailbox,))
writer.start()
for _ in range(2):
    letter = mailbox.take()
    letter["read"] = True
    print(letter)
writer.join()
print("end")
