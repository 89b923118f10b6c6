"""What an exception came after: its contexts, from the newest to the first."""


def chain(error):
    """Yield an exception and those that it came after; each once, even in a cycle."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__context__


def hidden_interrupt(error, before):
    """Return the interrupt, such as KeyboardInterrupt, that became `error`; None without one.

    `before` is what the caller was handling when it began. In the standard library's
    `Thread.start()`, a signal handler's exception can become "RuntimeError: release unlocked
    lock", since a condition's `wait()` has not taken its lock again.
    """
    for each in chain(error):
        if each is before:
            return None
        if not isinstance(each, Exception):
            return each
    return None


def put_first(error, first):
    """Make `first` what the first of the chain came after."""
    *_, oldest = chain(error)
    oldest.__context__ = first
