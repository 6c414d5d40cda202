"""KQL as in Defender's advanced hunting, compiled to SQL trees. Reads text and a fixed catalogue of tables.

Gives a typed relation or a refusal with its place; what it does not know it refuses, it never guesses.
No Django and no engine here: text becomes tokens, a tree, a bound and typed sqlglot expression.
"""
