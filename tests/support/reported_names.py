"""What reports call an object, as seen from given frames."""


def names(objects, *frames):
    """Return what the objects are called as seen from these frames."""
    from raddle._diagnose.program import naming

    found = naming.Names(objects, [[(frame, frame.f_lineno)] for frame in frames])
    return [found.of(each) for each in objects]
