"""Putting raddle in the place of what the interpreter has, and taking it out again."""
