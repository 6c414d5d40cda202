"""Reports: what happened to mail over days and months, as charts, tables, files, and by mail on a schedule.

Reads the lake's counts and the delays measured as mail comes in.
Gives the pages below /reports and the schedules the worker keeps.
"""
