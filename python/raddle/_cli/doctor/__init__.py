"""What `raddle doctor` looks at, a file for each thing; examine.py puts it together."""
