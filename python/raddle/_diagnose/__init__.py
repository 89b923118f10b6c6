"""What raddle tells of a program: deadlocks, orders of locks, contention, all its threads."""
