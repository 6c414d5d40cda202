"""Undo: each account as it stood before, from the ledger of the action that changed it."""

from watchfloor.response.accounts.action import AccountAction


class UndoAccountChange(AccountAction):
    key = "undo-account-change"
    label = "Undo"
    description = "Puts each account back to how it stood before."
    icon = "arrow-back-up"
    steps = ()
    undoable = False
    offered = False
    order = 99
