"""The history of a shell, a deque, is shown while a command is added to it."""

# race: walk Shell.history

import threading
from collections import deque


class Shell:
    def __init__(self):
        self.history = deque(["cd", "ls"], maxlen=5)

    def run(self, command):
        self.history.append(command)  # racing

    def show(self):
        lines = []
        try:
            for number, command in enumerate(self.history):  # racing
                lines.append(f"{number} {command}")
        except RuntimeError:
            lines.append("...")
        return lines


shell = Shell()
thread = threading.Thread(target=shell.run, args=("pwd",))
thread.start()
shown = shell.show()
thread.join()
print(len(shown) >= 1)
print("end")
