"""Mail we send: composed once, kept in an outbox until a server has taken it, with every outcome on record.

Reads the connections that can send.
Gives `send_mail`, the outbox that a connection's thread empties, and the page of what was sent and what was not.
"""
