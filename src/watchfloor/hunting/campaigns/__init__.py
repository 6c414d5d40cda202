"""Campaigns: attacks of many mails that say the same, as a list with figures and as a page of each.

Reads the lake's register of campaigns and its tables of mails and clicks.
Gives the campaigns that are known, kept as long as their mails, and what people say about how they were grouped.
"""
