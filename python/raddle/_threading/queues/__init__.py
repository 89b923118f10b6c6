"""Queues that a program reaches into, and the exceptions of all of them."""
