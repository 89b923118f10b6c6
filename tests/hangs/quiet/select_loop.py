"""A thread is in select(), another waits for what it will find."""

import os
import queue
import select
import subprocess
import sys
import threading

reading, writing = os.pipe()
found = queue.Queue()


def watch():
    select.select([reading], [], [])
    found.put(os.read(reading, 1))


threading.Thread(target=watch).start()
code = f"import os, time; time.sleep(2.5); os.write({writing}, b'x')"
writer = subprocess.Popen([sys.executable, "-c", code], pass_fds=[writing])
found.get()
writer.wait()
print("end")
