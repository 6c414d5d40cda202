"""The list of people: who is there, narrowed by what the organisation knows of them.

Reads persons, accounts, groups and risks.
Gives the page, its filters in words, and exports without a limit.
"""
