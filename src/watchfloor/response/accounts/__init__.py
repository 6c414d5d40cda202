"""Actions on people's accounts: locked at their directory, signed out everywhere, verified, written down, undone.

Reads who people are from identities and asks the connectors' `AccountActions`; writes one ledger line per account and step.
Gives the actions, their dry run, the wizard's pages and what the action center shows of them.
"""
