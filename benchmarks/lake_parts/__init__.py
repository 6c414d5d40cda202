"""The parts of the lake's figures: data, the peer it is held against, the crash rounds. Reads nothing of a person's machine.

Gives numbers that `benchmarks/lake.py` prints; each part runs alone too.
"""
