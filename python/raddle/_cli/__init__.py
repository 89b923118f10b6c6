"""The command line: its arguments, settings and suggestions, how raddle starts, the doctor."""
