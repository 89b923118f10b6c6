"""Two threads import the same module, whose body fills its globals, and then read those."""

import pathlib
import sys
import tempfile
import threading

SOURCE = """
squares = {}
calls = 0
for number in range(5):
    squares[number] = number * number
    calls += 1
names = None
if names is None:
    names = ["zero", "one"]
"""


def work(out):
    import squares_of_the_program

    out.append((squares_of_the_program.calls, squares_of_the_program.names[1]))
    out.append(squares_of_the_program.squares[3])


with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "squares_of_the_program.py").write_text(SOURCE)
    sys.path.insert(0, folder)
    out = []
    threads = [threading.Thread(target=work, args=(out,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.path.remove(folder)
print(sorted(out, key=str))
print("end")
