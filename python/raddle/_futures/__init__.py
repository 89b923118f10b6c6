"""The futures and the executor of `raddle.futures`."""
