"""Quarantine: mail that Watchfloor holds back, from the mail server before delivery or out of mailboxes after it.

Reads what the milter kept and what the action “Quarantine” took; gives lists, requests, and releases as remediations.
Who may do what with which threat, and for how long it is kept, is the border policy.
"""
