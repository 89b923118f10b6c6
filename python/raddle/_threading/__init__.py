"""What `raddle.threading` has in Python, and what all of raddle asks of the process."""
