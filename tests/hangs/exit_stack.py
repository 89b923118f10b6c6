"""Locks that are taken through an ExitStack, in the order of the call."""

import contextlib
import threading


class Account:
    def __init__(self):
        self.lock = threading.RLock()


def transfer(giver, taker):
    with contextlib.ExitStack() as stack:
        stack.enter_context(giver.lock)
        ready.wait()
        stack.enter_context(taker.lock)


ann, bob = Account(), Account()
ready = threading.Barrier(2)
threading.Thread(target=transfer, args=(ann, bob), name="rent").start()
threading.Thread(target=transfer, args=(bob, ann), name="refund").start()
