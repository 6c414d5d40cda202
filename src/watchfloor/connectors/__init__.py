"""The outside world, one folder per system under `systems/`: where mail comes from and where actions land.

Reads settings (secrets encrypted) and other people's servers; every accepted mail is durable before it is acknowledged.
Gives the intake (accepted mail, by cursor), the dead letters, and `MailboxActions` on live mailboxes.
"""
