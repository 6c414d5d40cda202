"""Sigma rules as queries of our own lake, alone or many at once.

Reads rules in Sigma's YAML, and a data file that says which column holds which field.
Gives KQL, refusals that name file and field, and the rows that rules find.
"""
