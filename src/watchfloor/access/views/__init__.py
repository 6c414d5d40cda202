"""The pages of this slice: signing in, people, roles, the audit log."""
