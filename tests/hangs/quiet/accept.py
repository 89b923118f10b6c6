"""A thread waits for a connection, and the main thread for that thread."""

import socket
import subprocess
import sys
import threading

server = socket.create_server(("127.0.0.1", 0))
thread = threading.Thread(target=server.accept)
thread.start()
port = server.getsockname()[1]
code = f"import time, socket; time.sleep(2.5); socket.create_connection(('127.0.0.1', {port}))"
client = subprocess.Popen([sys.executable, "-c", code])
thread.join()
client.wait()
print("end")
