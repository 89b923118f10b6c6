"""What `raddle.threading` needs of Python, and what all of raddle asks of the process."""
