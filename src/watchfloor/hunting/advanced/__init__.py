"""Advanced hunting: a page to ask the lake in KQL, the queries people keep, and what they asked before.

Reads the lake through its one hunting door, as the person who asks. Gives rows, charts, files and links into the other pages.
"""
