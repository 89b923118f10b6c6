"""`raddle.map` and `raddle.Pool`: what is promised, how inputs move, where tasks run."""
