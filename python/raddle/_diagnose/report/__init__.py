"""A deadlock in words: what is said of it, and of which threads."""
