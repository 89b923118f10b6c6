"""Rows about threads, and about what a process takes."""
