"""A thread reads from a pipe, as it would from a terminal."""

import subprocess
import sys
import threading

code = "import time; time.sleep(2.5); print('typed')"
child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
line = threading.Thread(target=child.stdout.readline)
line.start()
line.join()
child.communicate()
print("end")
