"""Threat trackers: Explorer's queries that people save, those of them that the worker counts again, and what is trending here.

Reads saved queries, the lake's mails and the campaigns that are known.
Gives today's count of each tracked query, that of the day before, and how it compares with the week before.
"""
