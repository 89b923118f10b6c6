"""A thread that C code has started sets the event."""

import ctypes
import threading

done = threading.Event()


@ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
def run(argument):
    done.set()


# The thread sleeps outside Python, where nobody can see what it will do.
library = ctypes.CDLL(None)
thread = ctypes.c_ulong()
sleep = ctypes.cast(library.sleep, ctypes.c_void_p)
library.pthread_create(ctypes.byref(thread), None, sleep, ctypes.c_void_p(3))


def late():
    library.pthread_join(thread, None)
    other = ctypes.c_ulong()
    library.pthread_create(ctypes.byref(other), None, run, None)
    library.pthread_join(other, None)


threading.Thread(target=late).start()
done.wait()
print("end")
