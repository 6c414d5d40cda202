"""The people whose mail is watched: the directory as the organisation knows it.

Reads imported directory entries.
Gives a person by address, for recipients, targets and assets.
"""
