"""Objects in messages: their repr, cut where it gets long, whatever it does."""


def short(value, most=200):
    """Return repr(value), with its middle left out beyond `most` characters."""
    try:
        text = repr(value)
    except Exception as error:
        return f"<{type(value).__name__} object whose repr() raised {type(error).__name__}>"
    if len(text) > most:
        half = (most - 3) // 2
        text = f"{text[:half]}...{text[-half:]}"
    return text
