"""Rows about maps and pools."""
