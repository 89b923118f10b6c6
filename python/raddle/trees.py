"""The syntax trees of the files that frames are from."""

import ast

from raddle import stack


class Trees:
    """Parses the source of frames; each file once."""

    def __init__(self):
        self._found = {}

    def of(self, frame):
        """Return the tree of a frame's file; None where its source cannot be had or parsed."""
        name = frame.f_code.co_filename
        if name not in self._found:
            try:
                self._found[name] = ast.parse("".join(stack.lines(frame)))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                self._found[name] = None
        return self._found[name]
