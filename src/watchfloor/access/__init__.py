"""People, roles, permissions and the audit log: who may do what, and who did.

Reads nothing above it; every slice asks it before a view or a verb.
Gives `Permission`, the gate for views (`requires`), the gate for verbs (`authorise`) and the audit entry (`audited`).
"""
