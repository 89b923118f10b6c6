"""Rows about futures and executors."""
