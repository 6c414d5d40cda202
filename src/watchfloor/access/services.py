"""The front door: gates for views and verbs, the audit chain, and verbs on people and roles."""

from watchfloor.access.chain import (
    audit_verb,
    audit_verbs,
    audited,
    entry_hash,
    record,
    request_context,
    sentence_of,
    verify_chain,
)
from watchfloor.access.gates import authorise, refused, requires, to_sign_in
from watchfloor.access.people import (
    add_person,
    add_role,
    deactivate_person,
    delete_role,
    edit_role,
    ensure_built_in_roles,
    give_one_time_password,
    one_time_password,
    person_by_email,
    reactivate_person,
    set_roles,
    unlock_person,
)

__all__ = [
    "add_person",
    "add_role",
    "audit_verb",
    "audit_verbs",
    "audited",
    "authorise",
    "deactivate_person",
    "delete_role",
    "edit_role",
    "ensure_built_in_roles",
    "entry_hash",
    "give_one_time_password",
    "one_time_password",
    "person_by_email",
    "reactivate_person",
    "record",
    "refused",
    "request_context",
    "requires",
    "sentence_of",
    "set_roles",
    "to_sign_in",
    "unlock_person",
    "verify_chain",
]
