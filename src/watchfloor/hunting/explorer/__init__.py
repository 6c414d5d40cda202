"""Explorer: events of the lake as chart, counts and table, asked by conditions that are an address, a sentence and a query at once.

Reads the lake, and the names and tags of people from the directory.
Gives the Explorer page, its fragments and exports, and the selection that actions work on.
"""
