"""The text of a report: what is said of a deadlock, and of which threads."""
