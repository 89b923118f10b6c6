"""Rows about locks, and what is made of them."""
