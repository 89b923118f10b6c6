"""A queue of mails is walked under one lock and filled under another."""

# race: walk Outbox.mails

import threading


class Outbox:
    def __init__(self):
        self.adding = threading.Lock()
        self.sending = threading.Lock()
        self.mails = ["to ann", "to bob"]

    def add(self, mail):
        with self.adding:
            self.mails.append(mail)  # racing

    def send(self, sent):
        with self.sending:
            for mail in self.mails:  # racing
                sent.append(mail)


outbox, sent = Outbox(), []
threads = [
    threading.Thread(target=outbox.send, args=(sent,)),
    threading.Thread(target=outbox.add, args=("to eve",)),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(sent) in (2, 3))
print("end")
