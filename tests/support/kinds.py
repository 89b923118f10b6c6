"""The backends of raddle.map for the tests: which there are here, and why others are not."""

import contextlib
import importlib.util
import sys

import pytest

ALL = ["threads", "cores", "interpreters", "processes", "dask"]
if not getattr(sys, "_is_gil_enabled", lambda: True)():
    ALL.remove("cores")  # It is "threads" here, and test_backend_cores.py asks whether it is.
HIDDEN = "import sys; sys.modules['loky'] = None\n"
NEEDS = {"processes": ["loky", "cloudpickle"], "dask": ["distributed", "cloudpickle"]}


def lacking(kind):
    """Return why a backend cannot be tested here, or None."""
    if kind == "interpreters" and sys.version_info < (3, 14):
        return "interpreters are for Python 3.14 and later"
    gone = [name for name in NEEDS.get(kind, []) if importlib.util.find_spec(name) is None]
    if gone:
        return f"not installed here: {', '.join(gone)} (pip install raddle[test])"
    return None


def param(kind):
    """Return the backend as a test's parameter, skipped where it is not to be had."""
    why = lacking(kind)
    return pytest.param(kind, marks=pytest.mark.skipif(why is not None, reason=str(why)))


KINDS = [param(kind) for kind in ALL]
LOCAL = [param(kind) for kind in ALL if kind != "dask"]
AWAY = [param(kind) for kind in ALL if kind != "threads"]


def need(kind):
    """Skip the present test where a backend is not to be had."""
    if (why := lacking(kind)) is not None:
        pytest.skip(why)


def real(kind):
    """Return what does the work: for "cores" it is one of the others."""
    if kind != "cores":
        return kind
    from raddle._map.backends.cores import choice

    return choice().kind


def before(kind):
    """Return what a program begins with: "cores" is tested without loky."""
    return HIDDEN if kind == "cores" else ""


@contextlib.contextmanager
def without_loky(kind):
    """Do the same here, while a backend is made."""
    with pytest.MonkeyPatch.context() as patch:
        if kind == "cores":
            patch.setitem(sys.modules, "loky", None)
        yield
