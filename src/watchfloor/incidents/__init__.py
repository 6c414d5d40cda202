"""Alerts, and incidents that group them with a stated reason.

Reads findings by cursor; writes AlertInfo and AlertEvidence to the lake.
Gives the queues, the incident page and the verbs that manage both, each with its history.
"""
