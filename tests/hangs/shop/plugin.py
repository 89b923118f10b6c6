"""A module that does much while it is imported, and registers itself at the end."""

from shop import state

state.stock["pears"] = 0
state.importing.set()
state.wanted.wait()
with state.STOCK_LOCK:
    state.plugins.append("plugin")
