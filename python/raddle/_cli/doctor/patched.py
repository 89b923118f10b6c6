"""Which other packages have put something in the place of what `threading` and `queue` have."""

import importlib
import sys

from raddle._cli.doctor.section import Section

# What such packages replace.
_NAMES = {
    "threading": (
        "Thread.__init__ Thread.start Thread.run Thread.join Thread._bootstrap_inner "
        "Thread Timer.__init__ Timer.start Timer.run Timer Lock RLock Condition Event "
        "Semaphore BoundedSemaphore Barrier local excepthook _start_new_thread "
        "_start_joinable_thread _allocate_lock current_thread get_ident settrace setprofile"
    ),
    "queue": "Queue SimpleQueue Queue.get Queue.put",
    "_thread": "start_new_thread allocate_lock start_joinable_thread get_ident",
    "concurrent.futures.thread": "ThreadPoolExecutor ThreadPoolExecutor.submit",
}
_OURS = ("raddle", "threading", "queue", "concurrent", "builtins", "weakref")
# What is known of them: the package that pip knows, and how raddle gets on with it.
KNOWN = {
    "gevent": ("gevent", "raddle steps aside when it patches threading"),
    "eventlet": ("eventlet", "raddle steps aside when it patches threading"),
    "ddtrace": ("ddtrace", "it wraps pools, and locks when it profiles; raddle's too"),
    "opentelemetry": (
        "opentelemetry-instrumentation-threading",
        "it wraps threads, raddle's too",
    ),
}


def replaced():
    """Return what has been replaced here: packages by name ("threading.Thread.start")."""
    from raddle._threading import green

    found = {}
    for module, names in _NAMES.items():
        importlib.import_module(module)  # Tools patch a module when it is imported.
        for name in names.split():
            value = sys.modules.get(module)
            for part in name.split("."):
                value = _inside(value, part)
            package = _package(value)
            if package is not None and package not in _OURS and package != module:
                found[f"{module}.{name}"] = package
    patcher = green.patched_by()
    if patcher is not None and patcher not in found.values():
        found["threading"] = patcher
    return found


def _inside(value, name):
    """Return an attribute as it is stored (no descriptor is run); None if it has none."""
    try:
        return vars(value).get(name)
    except TypeError:
        return None


def _package(value):
    """Return the top-level package whose code a value is; None if that is unknown."""
    # (A wrapt proxy pretends to be what it wraps; the function that it calls is the wrapper.)
    wrapper = _stored(value, "_self_wrapper")
    if wrapper is not None:
        value = getattr(wrapper, "__func__", wrapper)
    elif type(value).__module__.partition(".")[0] == "wrapt":
        return "wrapt"
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    inserted = _inserted(_stored(value, "__code__"))
    if inserted is not None:
        return inserted
    variables = _stored(value, "__globals__")
    if isinstance(variables, dict):
        module = variables.get("__name__")
    elif isinstance(value, type):
        module = type.__dict__["__module__"].__get__(value)
    else:
        module = getattr(value, "__module__", None)
    if not isinstance(module, str) or module in sys.builtin_module_names:
        return None
    top = module.partition(".")[0]
    return None if top in sys.stdlib_module_names and top != "threading" else top


def _inserted(code):
    """Return the package of what was written into a function's code, as ddtrace does."""
    # (A compiler puts nothing but literals and code among the constants.)
    for each in getattr(code, "co_consts", ()):
        if type(each).__module__ != "builtins" or callable(each):
            owner = _stored(each, "__func__") or each
            variables = _stored(owner, "__globals__") or {"__name__": type(each).__module__}
            return str(variables.get("__name__")).partition(".")[0]
    return None


def _stored(value, name):
    try:
        return object.__getattribute__(value, name)
    except AttributeError:
        return None


def patched():
    """Which packages have patched threading in a process started as this one, or could."""
    from importlib import metadata

    found = Section("threading")
    by_package = {}
    for name, package in replaced().items():
        by_package.setdefault(package, []).append(name)
    installed = {}
    for package, (name, how) in KNOWN.items():
        try:
            installed[package] = metadata.version(name), how
        except metadata.PackageNotFoundError:
            continue
    found.facts = {
        "patched_by": by_package,
        "installed": {package: version for package, (version, _) in installed.items()},
    }
    for package, names in by_package.items():
        found.say(f"patched by {package}: {', '.join(names)}")
    green = [package for package in by_package if package in ("gevent", "eventlet")]
    if green:
        found.problem(
            f"{green[0]} has replaced threading with green threads: raddle cannot be used",
            f"leave out raddle, or what has {green[0]} patch at the start",
        )
    for package, (version, how) in installed.items():
        if package not in by_package:
            found.say(f"{package} {version} is installed, and has not patched it ({how})")
    if not found.lines:
        found.say("nobody else has patched it")
    return found
