"""The main thread is at its end; two workers hang, and so the program does not end."""

import threading

stock, orders = threading.Lock(), threading.Lock()
both_ready = threading.Barrier(2)


def work(first, second):
    with first:
        both_ready.wait()
        with second:
            pass


threading.Thread(target=work, args=(stock, orders), name="seller").start()
threading.Thread(target=work, args=(orders, stock), name="buyer").start()
