"""Races: accesses that nothing orders, found in the program's own code."""
