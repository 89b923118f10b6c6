"""An import hook: a module is patched whenever a copy of it is imported."""

import sys


class Finder:
    """Finds modules as other finders do, and patches those of `names` once they have run.

    `hidden(name)` returns the spec of a module that is there but hidden, or None. When a module
    has run, `patch(module)` is called.
    """

    def __init__(self, names, hidden, patch):
        self._names, self._hidden, self._patch = names, hidden, patch

    def find_spec(self, name, path=None, target=None):
        """See importlib.abc.MetaPathFinder."""
        if name not in self._names:
            return None
        if (spec := self._hidden(name)) is not None:
            return spec
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader, self._patch)
                return spec
        return None


class Hidden:
    """Loads a module that was there before: `show()` returns it."""

    def __init__(self, spec, show):
        self._spec, self._show = spec, show

    @classmethod
    def spec(cls, module, show):
        """Return a spec with such a loader."""
        spec = module.__spec__
        return type(spec)(module.__name__, cls(spec, show), origin=spec.origin)

    def create_module(self, spec):
        """Return the module, patched."""
        return self._show()

    def exec_module(self, module):
        """Give the module its own spec back; it was run long ago."""
        module.__spec__ = self._spec


class _Loader:
    """Runs a module as its own loader does, then patches it."""

    def __init__(self, loader, patch):
        self._loader, self._patch = loader, patch

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        """Create the module as its own loader does."""
        return self._loader.create_module(spec)

    def exec_module(self, module):
        """Run the module under its own loader's name, then patch it."""
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._patch(module)
