"""A token bucket that three threads take tokens from."""

import drive
import token_bucket

PACKAGE = "token_bucket"

limiter = token_bucket.Limiter(rate=1, capacity=100, storage=token_bucket.MemoryStorage())


def work():
    for _ in range(100):
        limiter.consume("customer")


drive.together(work, work, work)
