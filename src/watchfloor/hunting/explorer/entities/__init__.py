"""Fly-outs of what rows and rankings of Explorer name: a recipient, a URL, a file, a document, an address, a malware family.

Each reads the lake's last thirty days, the directory, alerts and entries, as far as the reader may.
Gives a mapping for its template; nothing is asked outside the house.
"""
