"""The SCIM 2.0 endpoint (RFC 7643, RFC 7644): people and groups as others provision them, kept so that they can be asked back.

Reads requests that bear the token of a connection of the kind “scim”. Gives each change as an observation of an account or a group,
in the transaction that stores it, with an entry in the audit log.
"""
