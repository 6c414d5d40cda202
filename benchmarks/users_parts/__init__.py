"""The parts of bench-users."""
