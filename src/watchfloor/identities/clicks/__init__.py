"""Clicks that proxies tell of: whose they were, and which mail brought the address.

Reads the clicks that connections observed, what sign-ins say of addresses, and the URLs of mails.
Gives each click again as a row of UrlClickEvents with its person, its mail, and a sentence on how both are known.
"""
