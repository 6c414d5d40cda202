"""The page of one email: who, where, what was found in it, what happened to it since.

Reads the lake, the raw mail store and the alerts that name it.
Gives the email entity page, the summary fly-out, preview and download, both audited.
"""
