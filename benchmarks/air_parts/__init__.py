"""The parts of `make bench-air`; each runs in a process and a home of its own."""
