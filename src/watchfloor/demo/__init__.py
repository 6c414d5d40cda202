"""The sample organisation: its people, thirty days of its mail, three attack stories.

Reads templates from content/demo and a seed; writes real RFC 5322 messages.
Gives a portal in which every page has something true to show, made by the real pipeline.
"""
