"""The operators of a pipeline bound to relations. Reads `syntax` and `scalars`; each module holds one family of operators."""
