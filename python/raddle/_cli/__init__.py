"""What the command line says beside what it was asked for."""
