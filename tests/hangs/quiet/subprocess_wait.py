"""A thread waits for a process, and the main thread for that thread."""

import subprocess
import sys
import threading

command = [sys.executable, "-c", "import time; time.sleep(2.5)"]
thread = threading.Thread(target=subprocess.run, args=(command,))
thread.start()
thread.join()
print("end")
