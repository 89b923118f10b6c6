"""Two threads import the same slow module, while the main thread joins them."""

import importlib
import sys
import tempfile
import threading
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    Path(folder, "slow_module.py").write_text("import time; time.sleep(2.5); WORD = 'end'")
    sys.path.insert(0, folder)
    threads = [
        threading.Thread(target=importlib.import_module, args=("slow_module",))
        for _ in range(2)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    print(sys.modules["slow_module"].WORD)
