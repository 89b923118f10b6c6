"""Which `excepthook` gets a thread's exception: that of the module that its class is in."""

import sys
import threading as _stdlib
from threading import ExceptHookArgs

_INHERITED = _stdlib.excepthook


def maker(own_hook):
    """Return a `_make_invoke_excepthook` for a module whose `excepthook` is `own_hook()`.

    What it makes calls the standard library's, unless the module's was assigned to.
    """

    def make():
        invoke_inherited = _stdlib._make_invoke_excepthook()
        # Late at exit, globals may be gone.
        exc_info, own_sys = sys.exc_info, sys
        inherited, args = _INHERITED, ExceptHookArgs

        def invoke_excepthook(thread):
            hook = own_hook()
            if hook is None or hook is inherited:
                invoke_inherited(thread)
                return
            try:
                hook(args([*exc_info(), thread]))
            except Exception as error:
                error.__suppress_context__ = True
                stderr = own_sys.stderr or thread._stderr
                print("Exception in threading.excepthook:", file=stderr, flush=True)
                own_sys.excepthook(*exc_info())

        return invoke_excepthook

    return make
