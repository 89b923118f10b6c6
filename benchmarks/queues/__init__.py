"""Rows about queues."""
