"""What starting, shielding and ending worker processes is on this system, which is `here`.

Popen            a started process of the standard library's, without the main module
begin_tracker()  start what tracks the program's resources, before any worker
shielded()       start processes in such a block so that Ctrl-C is left to this one
leave_ctrl_c()   called in a worker: from here on it ignores a Ctrl-C
own_group()      the arguments of subprocess for a child that Ctrl-C does not reach
kill(pid)        end a process at once
kill_group(pid)  end a process that was started with own_group(), and what it has started
"""

import sys

if sys.platform == "win32":
    from raddle._map.system import windows as here
else:
    from raddle._map.system import unix as here

__all__ = ["here"]
