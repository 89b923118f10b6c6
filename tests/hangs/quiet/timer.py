"""A timer is pending; everybody else waits for it."""

import threading

rung = threading.Event()
threading.Timer(2.5, rung.set).start()
waiting = threading.Thread(target=rung.wait)
waiting.start()
rung.wait()
waiting.join()
print("end")
