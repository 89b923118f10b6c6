"""What was done is counted in a namespace that all have."""

# race: update SimpleNamespace.done

import threading
import types

state = types.SimpleNamespace(done=0)


def work():
    state.done += 1  # racing


threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(state.done > 0)
print("end")
