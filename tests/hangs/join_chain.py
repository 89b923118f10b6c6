"""Two threads join each other, through a helper."""

import threading

go = threading.Event()


def first():
    go.wait()
    two.join()


def second():
    go.wait()
    one.join()


one = threading.Thread(target=first, name="one")
two = threading.Thread(target=second, name="two")
one.start()
two.start()
go.set()
one.join()
