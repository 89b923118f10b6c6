"""A module that waits, while it is imported, for a thread that imports it."""

import threading

plugins = []


def load():
    import import_ring

    import_ring.plugins.append("csv")


if __name__ == "__main__":
    import import_ring

    print(import_ring.plugins)
else:
    loader = threading.Thread(target=load, name="loader")
    loader.start()
    loader.join()
