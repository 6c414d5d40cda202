"""Watchfloor: open, self-hosted threat investigation and response for mail and the people who read it."""

__version__ = "0.1.0"
