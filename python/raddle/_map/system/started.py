"""A process of `multiprocessing`, started without the program's main module."""

import types
from multiprocessing import spawn


class Spawn:
    """multiprocessing.spawn, but for the program's main module in a child."""

    def __getattr__(self, name):
        return getattr(spawn, name)

    def get_preparation_data(self, name):
        data = spawn.get_preparation_data(name)
        return {key: value for key, value in data.items() if not key.startswith("init_main")}


def elsewhere(function, **names):
    """Return a function that finds other objects under some of its global names."""
    return types.FunctionType(
        function.__code__, {**function.__globals__, **names}, function.__name__
    )
