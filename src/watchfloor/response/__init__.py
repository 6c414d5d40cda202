"""Actions on live mailboxes: asked, approved, done once, verified, written down, undone.

Reads the lake for targets and the connectors' `MailboxActions`; writes EmailPostDeliveryEvents.
Gives remediations with a ledger per message, the Take action wizard and the action center.
"""
