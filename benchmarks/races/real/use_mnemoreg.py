"""A registry that plugins of several threads register at."""

import contextlib

import drive
from mnemoreg import AlreadyRegisteredError, Registry

PACKAGE = "mnemoreg"

registry = Registry()


def register(first):
    for number in range(first, first + 100):
        with contextlib.suppress(AlreadyRegisteredError, RuntimeError):
            registry.register(f"plugin-{number}")(print)
        registry.get(f"plugin-{number}")
        len(registry)


drive.together(lambda: register(0), lambda: register(50))
