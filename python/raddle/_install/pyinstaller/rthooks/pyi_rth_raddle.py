"""RADDLE=1 in the environment of a program that PyInstaller has made.

No .pth file is read there. This is run before the program's first line, in the program's own
module: it leaves no name behind.
"""


def _pyi_rthook():
    import os

    if os.environ.get("RADDLE", "0").lower() not in ("", "0", "false", "no", "off"):
        __import__("raddle._install.startup")


_pyi_rthook()
del _pyi_rthook
