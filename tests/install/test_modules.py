"""raddle's modules: the names in them, and that looking one up costs what it does elsewhere."""

import sys

import pytest

pytestmark = pytest.mark.raddle_only

# The interpreter specializes no look-up of a name in a module that has a `__getattr__`.
SLOW = """
import importlib, pkgutil, sys
import raddle
from raddle import futures

def slow():
    modules = [m for n, m in sys.modules.items() if n.partition(".")[0] == "raddle"]
    return sorted(m.__name__ for m in modules if "__getattr__" in vars(m))
"""


@pytest.mark.parametrize(
    "name", ["DeadlockError", "GilBoundWarning", "Pool", "cores", "map", "stats"]
)
def test_the_package_has_no_getattr_once_it_is_in_use(child, name):
    code = f"raddle.{name}; print('raddle' in slow(), set(raddle.__all__) <= set(vars(raddle)))"
    assert child(SLOW + code).stdout == "False True\n"


@pytest.mark.parametrize("name", ["cores", "deadlocks", "stats"])
def test_a_name_that_is_first_used_at_the_exit_is_there(child, name):
    code = (
        "import atexit, raddle, threading;"
        f"atexit.register(lambda: print(callable(raddle.{name})))"
    )
    assert child(code, prelude="").stdout == "True\n"


@pytest.mark.parametrize("name", ["map", "cores", "stats"])
def test_threads_that_ask_for_names_at_once_wait_for_typing_first(child, name):
    """`dataclasses` looks into `typing` though another thread is just importing that."""
    code = f"""
        import sys, raddle
        class Asked:
            def find_spec(self, name, path=None, target=None): names.append(name)
        names = []
        sys.modules.pop("typing", None)
        sys.meta_path.insert(0, Asked())
        raddle.{name}
        print(names[0])
        """
    assert child(code, prelude="").stdout == "typing\n"


def test_no_module_has_a_getattr_once_it_is_in_use(child):
    code = """
for module in pkgutil.walk_packages(raddle.__path__, "raddle."):
    if not module.name.endswith(("__main__", "startup", "pytest_plugin", "dask", ".windows")):
        importlib.import_module(module.name)
raddle.map, [getattr(futures, name) for name in futures.__all__]
print(slow(), len(sys.modules) > 50)
"""
    assert child(SLOW + code).stdout == "[] True\n"


def test_every_private_name_of_the_stdlibs_module_is_there_and_the_same(child):
    code = """
import threading as stdlib
from raddle import threading
names = {n for n in vars(stdlib) if not n.startswith("__")}
print(sorted(names - set(vars(threading)) - {"_raddle_settles"}))
print(threading._PyRLock is stdlib._PyRLock, threading._MainThread is stdlib._MainThread)
print(threading.__name__, threading.__all__ == stdlib.__all__)
try:
    threading.nonsense
except AttributeError as error:
    print(error)
"""
    assert child(code, prelude="").stdout.splitlines() == [
        # Bound anew by the functions of that module.
        "['_SHUTTING_DOWN', '_profile_hook', '_trace_hook']",
        "True True",
        "raddle.threading False",
        "module 'raddle.threading' has no attribute 'nonsense'",
    ]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_thread_is_the_main_thread_in_the_childs_module(child):
    code = """
import os, threading as stdlib, warnings
from raddle import threading
warnings.simplefilter("ignore")
def fork():
    pid = os.fork()
    if not pid:
        mine = threading._main_thread is stdlib._main_thread is threading.current_thread()
        os._exit(7 if mine else 8)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
thread = threading.Thread(target=fork)
thread.start()
thread.join()
"""
    assert child(code, prelude="").stdout == "7\n"


def test_threads_that_use_the_package_first_at_the_same_time_all_find_their_names(child):
    code = """
import importlib, raddle
from raddle import threading
names = [name for name in raddle.__all__ if name not in vars(raddle)]
assert names
for name in names:
    getattr(raddle, name)
missed = []
def ask(line, package):
    line.wait()
    for name in names[::-1]:
        try:
            getattr(package, name)
        except AttributeError as error:
            missed.append(error)
for _ in range(300):
    for name in names:
        del vars(raddle)[name]
    importlib.reload(raddle)
    assert "__getattr__" in vars(raddle)
    line = threading.Barrier(4)
    threads = [threading.Thread(target=ask, args=(line, raddle)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "__getattr__" not in vars(raddle)
print(missed)
"""
    assert child(code, prelude="").stdout == "[]\n"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="_xxsubinterpreters differs")
def test_what_needs_no_extension_is_there_in_a_subinterpreter(child):
    name = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
    code = f"""
import {name} as interpreters
made = interpreters.create()
failed = interpreters.run_string(made, '''
import raddle
print(raddle.cores() >= 1, raddle.cores() >= 1, raddle.GilBoundWarning.__name__, flush=True)
''')
assert failed is None, failed
interpreters.destroy(made)
"""
    assert child(code, prelude="").stdout == "True True GilBoundWarning\n"
