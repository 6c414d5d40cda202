"""Figures of the inspection: what it finds, what it spares, how fast; and the script that fits its weights."""
