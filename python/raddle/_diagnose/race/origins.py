"""Where a value was read or checked that is written later, in the same function."""

from raddle._diagnose.race import accesses, names


class _AnyName:
    """Stands for all names: the report is of one that is written."""

    def __contains__(self, name):
        return True


def line(code, offset, harm):
    """Return the line in which what a write belongs to was read or checked, or None.

    `harm` is "update" or "check"; None if that is not known, as where two functions do it.
    """
    every = accesses.Names.of_nothing()
    every.attr = every.globals = every.deref = _AnyName()
    for entry in accesses.of(code, every):
        if entry[0] == offset:
            reads = [
                at for at, how in entry[-1] if (how == accesses.UPDATE) == (harm == "update")
            ]
            # (Of more than one check, the last one is what it was written upon.)
            return names.positions((code, max(reads)))[0] if reads else None
    return None
