"""What `raddle run --race` costs, on programs that have no races."""
