"""Plugins register in a list of their base class while another thread starts those there."""

# race: walk Plugin.registered

import threading
from typing import ClassVar


class Plugin:
    registered: ClassVar[list[type]] = []

    def __init_subclass__(cls):
        Plugin.registered.append(cls)  # racing


class Spelling(Plugin):
    pass


def start_all(out):
    for plugin in Plugin.registered:  # racing
        out.append(plugin.__name__)


def load():
    class Grammar(Plugin):
        pass


out = []
threads = [threading.Thread(target=start_all, args=(out,)), threading.Thread(target=load)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(out[0])
print("end")
