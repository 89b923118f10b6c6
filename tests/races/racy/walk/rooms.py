"""The people of a chat room, a set in a dict, are greeted while another comes in."""

# race: walk rooms["lobby"]

import contextlib
import threading

rooms = {"lobby": {"ann", "bob"}, "bar": set()}
greeted = []


def enter(name):
    rooms["lobby"].add(name)  # racing


def greet():
    with contextlib.suppress(RuntimeError):
        for name in rooms["lobby"]:  # racing
            greeted.append(f"hello {name}")


threads = [threading.Thread(target=enter, args=("eve",)), threading.Thread(target=greet)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(greeted) >= 1)
print("end")
