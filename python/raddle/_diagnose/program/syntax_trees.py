"""The syntax trees of the files that frames are from."""

import ast

from raddle._diagnose.program import stack


class Trees:
    """Parses the source of frames; each file once."""

    def __init__(self):
        self._found = {}

    def of(self, frame):
        """Return the tree of a frame's file; None where its source cannot be had or parsed."""
        return self.of_code(frame.f_code, frame.f_globals)

    def of_code(self, code, variables):
        """Return the tree of the file that has this code; `variables` are its module's."""
        name = code.co_filename
        if name not in self._found:
            try:
                self._found[name] = ast.parse("".join(stack.lines_of(name, variables)))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                self._found[name] = None
        return self._found[name]
