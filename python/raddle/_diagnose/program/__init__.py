"""What can be read of a running program without running any of its code."""
