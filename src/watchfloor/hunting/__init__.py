"""Where an analyst starts: Explorer over all mail, as chart, counts and table.

Reads the lake through conditions that are a URL, a sentence and a query at once.
Gives the Explorer page, its exports and the selection that actions work on.
"""
