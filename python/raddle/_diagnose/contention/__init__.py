"""How often threads waited for a lock, how long, and where."""
