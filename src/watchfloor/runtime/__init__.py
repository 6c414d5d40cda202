"""Durable jobs, schedules, cursors and health: what runs when nobody looks.

Reads nothing above it; slices register workflows, ticks and health checks from their `jobs` module.
Gives `enqueue` (survives kill -9), `every` (a tick in the worker), cursors, and the health of each part.
"""
