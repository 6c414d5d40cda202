"""Automated investigation: playbooks that gather, cluster, judge and recommend, and act when a person or a policy says so.

Reads alerts, the lake and people; asks `response` for every change, so that each waits in the action center like any other.
Gives investigations with their steps, clusters, evidence and recommendations, and the ladder of trust.
"""
