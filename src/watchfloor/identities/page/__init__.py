"""The page of one person, its fly-out, and what stands of people on the pages of others.

Reads the directory, alerts, risk and the lake.
Gives pages, and places on them that other slices fill.
"""
