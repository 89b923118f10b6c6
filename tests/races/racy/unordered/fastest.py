"""Two mirrors are asked, and each writes that it was the fastest. Both can be overwritten."""

# race: unordered fastest in main()

import threading


def main():
    fastest = None

    def ask(mirror):
        nonlocal fastest
        fastest = mirror  # racing

    threads = [threading.Thread(target=ask, args=(m,)) for m in ("north", "south")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(fastest in ("north", "south"))


main()
print("end")
