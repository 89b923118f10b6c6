"""What the plugin knows of threads that no test has started."""
