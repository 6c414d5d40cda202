"""Event tables in Defender's names: durable hot batches, a Delta cold tier, one way to ask.

Reads accepted mail from the connectors' intake and has it inspected; upper slices append what they did.
Gives `append`, queries built from conditions (each with its sentence), and cursors over what is new.
"""
