"""For programs that PyInstaller makes: where it finds raddle's hooks."""

import os


def hook_dirs():
    """Return the folders of hooks; PyInstaller asks, by the entry point `pyinstaller40`."""
    return [os.path.dirname(os.path.abspath(__file__))]
