"""What the organisation knows and has decided about mail: allow and block entries, indicators, silenced reasons, threshold, labels.

Reads the lake's judged mail to say when an entry was last used and what another threshold would have done.
Gives the facts every verdict is judged by, and the words and labels that people add to a verdict.
"""
