"""One thread that greets with its name.

Run it:  python examples/tutorial/greet.py
"""

import threading


def greet():
    # The same function can run in many threads; this asks "which one am I?"
    name = threading.current_thread().name
    print(f"Hello from {name}!")


if __name__ == "__main__":
    # `target` is the function itself: `greet`, not `greet()`. With the parentheses
    # it would run right here, and the thread would get its result, None.
    thread = threading.Thread(target=greet, name="Ada")

    print("Starting a thread.")
    thread.start()  # now greet() runs beside the rest of this program
    thread.join()  # wait here until it has finished
    print("The thread is done.")
