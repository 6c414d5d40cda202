"""The frame around all pages: home, navigation, global search, settings.

Reads every slice's selectors and panels.
Gives the first page an analyst sees and the way to all others.
"""
