"""The pages of intelligence: the allow/block list, the verdict policy, labels."""
