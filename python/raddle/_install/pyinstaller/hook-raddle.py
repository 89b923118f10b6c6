"""What of raddle goes into a program that PyInstaller makes."""

from PyInstaller.utils.hooks import collect_submodules

_LEFT_OUT = ("raddle.pytest_plugin", "raddle._pytest", "raddle._install.pyinstaller")

# Most modules are imported when they are needed, by name: nobody sees that from outside.
hiddenimports = collect_submodules("raddle", filter=lambda name: not name.startswith(_LEFT_OUT))
# (A program that uses these imports them itself.)
excludedimports = ["pytest", "_pytest", "gevent", "eventlet"]
# As files: reports leave raddle's own lines out, which they know by the folder they are in.
module_collection_mode = "py"
