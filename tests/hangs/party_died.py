"""Three parties are to meet at a barrier; one of them dies on the way."""

import threading

threading.excepthook = lambda details: None
start = threading.Barrier(3)


def run(number):
    if number == 2:
        raise ValueError("not fit to start")
    start.wait()


runners = [threading.Thread(target=run, args=(n,), name=f"runner-{n}") for n in range(3)]
for each in runners:
    each.start()
for each in runners:
    each.join()
