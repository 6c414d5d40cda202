"""Settings, URLs, the command line, the processes: the only module that knows every slice.

Reads the environment and one TOML file.
Gives a running Watchfloor.
"""
