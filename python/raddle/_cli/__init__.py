"""The command line: what was meant, what is set and by what, how raddle starts, the doctor."""
