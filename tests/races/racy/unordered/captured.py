"""Two threads share the variable that names their file, and it changes in between."""

# race: unordered name in main()

import threading


def main():
    opened = []
    name = "a.txt"

    def load():
        opened.append(name)  # racing

    first = threading.Thread(target=load)
    first.start()
    name = "b.txt"  # racing
    second = threading.Thread(target=load)
    second.start()
    first.join()
    second.join()
    print(len(opened))


main()
print("end")
