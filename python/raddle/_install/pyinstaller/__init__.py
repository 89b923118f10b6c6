"""For programs that PyInstaller makes: where it finds what it has to know of raddle."""

import os


def hook_dirs():
    """Return the folders of hooks; PyInstaller asks, by the entry point `pyinstaller40`."""
    return [os.path.dirname(os.path.abspath(__file__))]
