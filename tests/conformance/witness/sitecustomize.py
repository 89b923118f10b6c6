"""Stand witness in one test process: at its exit, write down what `threading` was made of.

The interpreter imports a `sitecustomize` by itself, so the tests stay unmodified and run by
`python -m test`. The environment is put back first: no child of the tests sees any of this.
"""

import os
import sys


def _stand() -> None:
    path = os.environ.pop("CONFORMANCE_WITNESS", None)
    here = os.path.dirname(os.path.abspath(__file__))
    os.environ.pop("PYTHONPATH", None)
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    if path is None:
        return
    process = os.getpid()

    def write() -> None:
        # A forked child that leaves by sys.exit() runs this as well: it is not the process
        # that ran the tests.
        if os.getpid() != process:
            return
        import importlib.util
        import json

        source = os.path.join(os.path.dirname(here), "origin.py")
        spec = importlib.util.spec_from_file_location("conformance_origin", source)
        origin = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = origin
        spec.loader.exec_module(origin)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(origin.survey(), file)

    import atexit

    # First in, last out: everything that the tests registered has run by then.
    atexit.register(write)


_stand()

# An environment may have a sitecustomize of its own, which this one hid.
_mine = sys.modules.pop("sitecustomize")
try:
    import sitecustomize  # noqa: F401
except ModuleNotFoundError:
    # The import that is under way looks for what it loaded.
    sys.modules["sitecustomize"] = _mine
