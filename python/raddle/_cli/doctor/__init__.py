"""What `raddle doctor` looks at, a file for each thing; doctor.py puts it together."""
