"""How the interpreter shows things."""

import sys


def place(thing):
    """Return where an object is, as the interpreter's C code writes it."""
    return f"0x{id(thing):016X}" if sys.platform == "win32" else f"{id(thing):#x}"
