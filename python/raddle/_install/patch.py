"""Putting raddle in the place of the interpreter's own primitives, and taking it out again.

Two things are patched: the modules of `_PATCHES`, now or when they are first imported (start-up
must not import them), and again whenever a fresh copy is imported; and the global names of
modules that hold one of the replaced objects already.

`_thread` is loaded before any program runs. So at an interpreter's start it is taken out of
`sys.modules`, and the first import of it runs our finder. Most programs that never use threads
thus never load the extension.

`threading.Thread` stays the same class, since the main thread is an instance of it and
programs have subclassed it: it is given the methods of `raddle.threading.Thread`, as new
functions whose globals are those of the patched module. So the methods use what tests and tools
replace in `threading`.
"""

import sys

from raddle._install import finder
from raddle._threading import green, state

_VERSION = sys.version_info[:2]

_MISSING = object()
_undo = []  # (namespace, name, previous value or _MISSING, new value), in order of patching
_patched = []  # the threading modules that were patched
_waiting = []  # threading modules that were loaded while raddle.threading was
_hidden_thread = None  # `_thread`, while it is hidden
_cannot_load = None  # what to call if the extension cannot be loaded

_Module = type(sys)


def install():
    """See raddle.install()."""
    if _hidden_thread is not None:
        __import__("_thread")  # Patches it, or uninstalls.
    if state.installed():
        return
    green.refuse("raddle.install()")
    from raddle import _raddle  # noqa: F401  An ImportError here leaves everything as it was.

    __import__("_thread")
    state.set_installed(True)
    sys.meta_path.insert(0, _FINDER)
    try:
        swapped = {}
        for name, patch in _PATCHES.items():
            if name in sys.modules:
                __import__(name)  # Waits if another thread is importing it.
                swapped.update(patch(sys.modules[name]))
        _patch_holders(swapped)
        if state.completed(_SCOPES) is not None:
            _patch_sleep()
    except BaseException:
        uninstall()
        raise
    from raddle._diagnose.dump import signal_handler

    if signal_handler.wanted():
        signal_handler.installed()


def install_at_start(cannot_load):
    """Install before the program runs, and load the extension when it is first needed.

    If it cannot be loaded then, raddle is uninstalled and `cannot_load(error)` called.
    """
    global _hidden_thread, _cannot_load
    if state.installed():
        return
    if any(name in sys.modules for name in _PATCHES if name != "_thread"):
        try:
            install()
        except ImportError as error:
            cannot_load(error)
        return
    state.set_installed(True)
    _cannot_load = cannot_load
    _hidden_thread = sys.modules.pop("_thread", None)
    sys.meta_path.insert(0, _FINDER)


def _first_import_of_thread():
    """Put `_thread` back, patched if raddle can be loaded; return it."""
    global _hidden_thread
    module, _hidden_thread = _hidden_thread, None
    sys.modules["_thread"] = module
    try:
        _patch_holders(_patch_thread(module))
    except ImportError as error:
        uninstall()
        _cannot_load(error)
    return module


def uninstall():
    """See raddle.uninstall()."""
    global _hidden_thread
    if not state.installed():
        return
    state.set_installed(False)
    if "raddle._raddle" in sys.modules:
        sys.modules["raddle._raddle"]._publish(False)
    if _hidden_thread is not None:
        sys.modules["_thread"], _hidden_thread = _hidden_thread, None
    sys.meta_path[:] = [each for each in sys.meta_path if each is not _FINDER]
    threads = [thread for module in _patched for thread in module._dangling]
    _return_package()
    for namespace, name, previous, _ in reversed(_undo):
        if previous is _MISSING:
            _delete(namespace, name)
        else:
            _assign(namespace, name, previous)
    _undo.clear()
    _patched.clear()
    _waiting.clear()
    _late.clear()
    for thread in threads:
        _return_to_stock(thread)


def _return_package():
    """Give `concurrent.futures` the stock objects for those of ours that it has imported.

    (Other modules keep what they have: they may have imported it from raddle itself.)
    """
    package = sys.modules.get("concurrent.futures")
    if package is None:
        return
    names = vars(package)
    modules = [vars(sys.modules[name]) for name in _FUTURES if name in sys.modules]
    for namespace, name, previous, value in _undo:
        if names.get(name) is value and any(namespace is module for module in modules):
            names[name] = previous


def _return_to_stock(thread):
    """Give a thread that was not started the handle that the interpreter's own start() needs.

    (Threads made before install() need nothing: raddle's start() makes its own handle.)
    """
    import threading

    if _VERSION < (3, 13):
        return
    overlay = state.completed("raddle.threading")
    if isinstance(thread, overlay.Thread):
        return
    if thread._initialized and not thread._started.is_set():
        setattr(thread, overlay._HANDLE, threading._ThreadHandle())


def _assign(namespace, name, value):
    if isinstance(namespace, dict):
        namespace[name] = value
    else:
        setattr(namespace, name, value)


def _delete(namespace, name):
    if isinstance(namespace, dict):
        namespace.pop(name, None)
    elif name in vars(namespace):
        delattr(namespace, name)


def _replace(namespace, name, value, swapped=None):
    """Set a name in a module's dict or on a class, to be undone by uninstall()."""
    names = namespace if isinstance(namespace, dict) else vars(namespace)
    previous = names.get(name, _MISSING)
    original = _original(previous)
    if previous is value:
        # Copied from a module that was patched before: what is to be undone is the same.
        if original is not value and not _is_undone(namespace, name):
            _undo.append((namespace, name, original, value))
        return
    _undo.append((namespace, name, original, value))
    _assign(namespace, name, value)
    # Not None, for example, which a program may have put there and every module holds.
    if swapped is not None and callable(previous):
        swapped[id(previous)] = (previous, value)


def _original(value):
    """Return what `value` has replaced, which modules imported since may have in its place."""
    for _, _, previous, new in _undo:
        if new is value and previous is not _MISSING and callable(previous):
            return previous
    return value


def _is_undone(namespace, name):
    """Return whether uninstall() will set this name."""
    return any(space is namespace and known == name for space, known, _, _ in _undo)


def _patch_thread(module):
    """Patch `_thread`; return what was swapped, by the id of the old object."""
    from raddle import _raddle
    from raddle._threading import at_exit

    _raddle._publish(True)
    names = vars(module)
    swapped = {}
    new = {
        "allocate_lock": _raddle.allocate_lock,
        "allocate": _raddle.allocate_lock,
        "LockType": _raddle.lock,
        "RLock": _raddle.RLock,
        "start_new_thread": _raddle.start_new_thread,
        "start_new": _raddle.start_new_thread,
        "_count": at_exit.as_in_thread(_count_with(names["_count"], _raddle._count)),
    }
    if _VERSION >= (3, 13):
        new |= {
            "lock": _raddle.lock,
            "start_joinable_thread": _raddle.start_joinable_thread,
            "_ThreadHandle": _raddle._ThreadHandle,
            "_make_thread_handle": _raddle._make_thread_handle,
            "_shutdown": at_exit.shutdown_with(names["_shutdown"]),
        }
    if _VERSION == (3, 12) and "threading" not in sys.modules:
        # 3.12 refuses new threads as soon as it begins to shut down, and only its own starter
        # and threading's shutdown know when that is: without threading, leave it the former.
        del new["start_new_thread"], new["start_new"]
    for name, value in new.items():
        if name in names:
            _replace(names, name, value, swapped)
    return swapped


def _count_with(stock, ours):
    def _count():
        """Return the number of threads that run now, besides the main one."""
        return stock() + ours()

    return _count


def _patch_threading(module):
    """Patch a threading module, unless that has to wait; return what was swapped."""
    if state.completed("raddle.threading") is None and "raddle.threading" not in sys.modules:
        __import__("raddle.threading")
    if state.completed("raddle.threading") is None:
        _waiting.append(module)  # It is importing `threading` at this moment.
        if state.completed("raddle.threading") is not None:  # In another thread, just now.
            _completed("raddle.threading")
        return {}
    from raddle._threading import at_exit

    overlay = state.completed("raddle.threading")
    if module in _patched:
        return {}
    _patched.append(module)
    swapped = {}
    names = vars(module)
    import _thread

    for name in ("start_new_thread", "start_new"):
        _replace(vars(_thread), name, overlay._raddle.start_new_thread, swapped)
    for name, value in _replacements(overlay, names).items():
        if isinstance(value, type(_rebound)) and value.__module__ == overlay.__name__:
            value = _rebound(value, names)
        if name.startswith("_") and name not in names:
            names[name] = value  # Never undone: a thread may be in a function that needs it.
        else:
            _replace(names, name, value, swapped)
    at_exit.hook(module)
    _patch_class(module.Thread, overlay.Thread, names)
    return swapped


def _replacements(overlay, names):
    """Return the names of a threading module that change, with their new values."""
    always = (
        "Condition Event Semaphore BoundedSemaphore Barrier _CRLock _allocate_lock Lock "
        # (For a fresh copy: raddle's barriers raise the same in all of them.)
        "BrokenBarrierError _ThreadHandle"
    )
    if _VERSION >= (3, 13):
        always += " _LockType _make_thread_handle _start_joinable_thread"
    else:
        always += " _start_new_thread"
    new = {name: getattr(overlay, name) for name in always.split() if name != "_LockType"}
    new["RLock"] = overlay._rlock
    if _VERSION >= (3, 13):
        new["_LockType"] = overlay.Lock
    # What the methods of Thread use and the standard library's module lacks.
    new |= {"_raddle": overlay._raddle, "_mistakes": overlay._mistakes}
    new["_beginning"] = overlay._beginning
    for name in ("settrace_all_threads", "setprofile_all_threads"):
        new[name] = _rebound(getattr(overlay, name), names)
    new |= {"_VERSION": _VERSION, "_HANDLE": overlay._HANDLE}
    for name in (*overlay.__all__, "_daemon_threads_allowed"):
        if name not in names:
            new[name] = getattr(overlay, name)
    return new


def _patch_class(target, source, namespace):
    """Give the class `target` the methods of `source`, with other globals."""
    for name, value in vars(source).items():
        if isinstance(value, type(_rebound)):
            _replace(target, name, _rebound(value, namespace))
        elif isinstance(value, property):
            parts = (value.fget, value.fset, value.fdel)
            parts = [part and _rebound(part, namespace) for part in parts]
            _replace(target, name, property(*parts, value.__doc__))
        elif value is None and name.startswith("_") and not hasattr(target, name):
            # Never undone: a thread may be in a method that needs it. (No thread's dict is
            # asked, though some lack these: up to 3.12 an object is slower ever after.)
            setattr(target, name, value)


def _rebound(function, namespace):
    """Return a copy of `function` that looks its globals up in `namespace`."""
    copy = type(function)(
        function.__code__, namespace, function.__name__, function.__defaults__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__doc__ = function.__doc__
    copy.__qualname__ = function.__qualname__
    copy.__module__ = namespace.get("__name__", function.__module__)
    return copy


def _patch_holders(swapped):
    """Replace the swapped objects where other modules hold them as globals."""
    for name, module in list(sys.modules.items()):
        if name in _PATCHES or name.partition(".")[0] == "raddle":
            continue
        if not isinstance(module, _Module):
            continue
        names = vars(module)
        for held, value in list(names.items()):
            old, new = swapped.get(id(value), (_MISSING, None))
            if value is old:
                _replace(names, held, new)


def _overwritten(entry, module):
    """Return whether an entry of _undo is about a name that the module has set anew since.

    (An extension module is not run again, and keeps what it was given.)
    """
    namespace, name, _, value = entry
    return namespace is vars(module) and namespace.get(name, _MISSING) is not value


def patch_names(module, new):
    """Give a module new values for some names; return what was swapped."""
    swapped, names = {}, vars(module)
    for name, value in new.items():
        if names.get(name) is value and not _is_undone(names, name):
            # Imported from a module that was patched before.
            names[name] = _previous(name, value)
        _replace(names, name, value, swapped)
    return swapped


def _previous(name, value):
    """Return what was replaced last by this value under this name; `value` if nothing was."""
    for _, known, previous, new in reversed(_undo):
        if known == name and new is value and previous is not _MISSING:
            return previous
    return value


def _patch_queue(module):
    from raddle._install import queue_patch

    return patch_names(module, queue_patch.replacements(module))


def _patch_low_queue(module):
    from raddle._install import queue_patch

    return patch_names(module, queue_patch.low_replacements(module))


def _patch_futures(module):
    """Patch `concurrent.futures._base` or `.thread`, unless that has to wait."""
    name = _FUTURES[module.__name__]
    if state.completed(name) is None and name not in sys.modules:
        __import__(name)
    ours = state.completed(name)
    if ours is None:
        _late.append(module)  # It is importing this module at this moment.
        if state.completed(name) is not None:  # In another thread, just now.
            _completed(name)
        return {}
    new = {name: getattr(ours, name) for name in ours.REPLACES}
    for value in new.values():
        if isinstance(value, type(_rebound)) and value.__module__ == ours.__name__:
            # Pickling looks functions up by that name.
            _undo.append((value, "__module__", ours.__name__, module.__name__))
            value.__module__ = module.__name__
    return patch_names(module, new)


def _patch_green(module):
    """Have raddle step aside before a package makes threads green."""
    from raddle._install import step_aside

    return step_aside.watch(module)


def _patch_sleep():
    """Have a program that has scopes sleep until its scope ends; others keep `time.sleep`."""
    import time

    from raddle import _raddle

    _patch_holders(patch_names(time, {"sleep": _raddle.sleep}))


def _completed(name):
    """Patch what had to wait for this module of raddle's."""
    if name == "raddle.threading":
        while _waiting:
            _patch_holders(_patch_threading(_waiting.pop()))
    elif name == _SCOPES and state.installed():
        _patch_sleep()
    elif state.installed():
        for module in [module for module in _late if _FUTURES[module.__name__] == name]:
            _late.remove(module)
            _patch_holders(_patch_futures(module))


state.watch(_completed)

# The modules that replace what is in a module of concurrent.futures.
_FUTURES = {
    "concurrent.futures._base": "raddle._futures.future",
    "concurrent.futures.thread": "raddle._futures.executor",
}
_SCOPES = "raddle._futures.cut"  # is complete once a program has asked for scopes
_late = []  # the modules that were loaded while what replaces them was

# How to patch a copy of a module, by the module's name; each returns what it swapped, by the id
# of the old object.
_PATCHES = {
    "_thread": _patch_thread,
    "threading": _patch_threading,
    "_queue": _patch_low_queue,
    "queue": _patch_queue,
    **dict.fromkeys(_FUTURES, _patch_futures),
    **dict.fromkeys(("gevent.monkey", "eventlet.patcher"), _patch_green),
}


def _hidden(name):
    """Return a spec for the `_thread` that was there at the start, None for all else."""
    if name != "_thread" or _hidden_thread is None:
        return None
    return finder.Hidden.spec(_hidden_thread, _first_import_of_thread)


def _patch_copy(module):
    """Patch a copy of a module that has just run."""
    if not state.installed() or green.imports_green():
        return
    if module in _patched:
        _patched.remove(module)
    # importlib.reload() may have run it again: what it held before is then forgotten.
    _undo[:] = [entry for entry in _undo if not _overwritten(entry, module)]
    _PATCHES[module.__spec__.name](module)


_FINDER = finder.Finder(_PATCHES, _hidden, _patch_copy)
