"""Pages of Sigma rules: the list, one rule, bringing rules.

Read what `keeping` kept and `running` told. Give nothing to other slices.
"""
