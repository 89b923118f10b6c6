"""What raddle reports of a program: deadlocks, lock orders, contention, all its threads."""
