"""A number of workers that nobody asked for."""


class Default(int):
    """raddle.cores(), since the caller left it open: a cluster knows better."""

    __slots__ = ()
