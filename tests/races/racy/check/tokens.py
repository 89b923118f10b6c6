"""A rate limiter looks whether a token is left, then takes it. Too many calls can pass."""

# race: check Limiter.tokens
# also: update Limiter.tokens

import threading


class Limiter:
    def __init__(self, tokens):
        self.tokens = tokens

    def allow(self):
        if self.tokens < 1:  # racing
            return False
        self.tokens = self.tokens - 1  # racing
        return True


def call(limiter, answers):
    answers.append(limiter.allow())


limiter, answers = Limiter(1), []
threads = [threading.Thread(target=call, args=(limiter, answers)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(True in answers)
print("end")
