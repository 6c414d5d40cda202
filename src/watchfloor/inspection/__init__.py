"""One raw message taken apart and judged: headers, authentication, URLs, attachments, a verdict with its reasons.

Reads bytes and the facts it is given; no Django, no network unless a resolver is passed in.
Gives the frozen `Inspection` record, alone or from a pool of limited worker processes.
"""
