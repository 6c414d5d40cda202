"""Rules over the lake become findings: content/detections/*.yaml, each with examples that hit and miss.

Reads new lake rows by cursor and the rules as data.
Gives findings with their evidence, by cursor, to incidents.
"""
