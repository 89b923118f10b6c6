"""The number of workers where the caller gave none."""


class Default(int):
    """raddle.cores(), since the caller left it open: a cluster knows better."""

    __slots__ = ()
