"""What every slice may lean on: errors that say what to do next, ids, time, and finding modules in a folder.

Reads nothing and knows no slice; pure Python, no Django.
Gives small functions with the outside (time, randomness) passed in.
"""
