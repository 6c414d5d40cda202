"""Custom detections: queries that people wrote, run on a schedule.

Reads the lake as the product does, after the writer's rights were checked. Gives findings, which become alerts and incidents.
"""
