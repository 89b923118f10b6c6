"""Every schedule, on demand: the runs of a function whose threads take turns."""
