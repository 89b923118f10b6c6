"""`settrace_all_threads` and `setprofile_all_threads` for 3.11, which lacks them.

3.11 offers no way to reach into a thread that is running already: the functions set the hook
for the calling thread and for all threads started from then on. From 3.12 on, the
interpreter's own are used, which reach every thread at once.
"""

import sys
import threading


def settrace_all_threads(func):
    """Set `func` as the trace function of this thread and of every thread started later.

    Counterpart: threading.settrace_all_threads (3.12), which also reaches running threads.
    """
    threading.settrace(func)
    sys.settrace(func)


def setprofile_all_threads(func):
    """Set `func` as the profile function of this thread and of every thread started later.

    Counterpart: threading.setprofile_all_threads (3.12), which also reaches running threads.
    """
    threading.setprofile(func)
    sys.setprofile(func)
