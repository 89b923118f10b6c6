"""A download manager counts finished parts in a closure. The count can be short."""

# race: update done in main()

import threading


def main():
    parts = [b"head", b"body", b"tail"]
    files = {}
    done = 0

    def fetch(number):
        nonlocal done
        files[number] = parts[number]
        done += 1  # racing

    threads = [threading.Thread(target=fetch, args=(n,)) for n in range(len(parts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(b"".join(files[n] for n in sorted(files)).decode(), done)


main()
print("end")
