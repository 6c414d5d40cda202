"""What an audit record is about: the file, mailbox, account or rule it was done to, and what a rule does."""

from collections.abc import Mapping

from watchfloor.connectors.records.fields import Fields, opened

_PARAMETERS = {
    "forwardto": "forwards to {}",
    "forwardasattachmentto": "forwards as attachment to {}",
    "redirectto": "redirects to {}",
    "forwardingsmtpaddress": "forwards all mail to {}",
    "forwardingaddress": "forwards all mail to {}",
    "movetofolder": "moves to {}",
    "from": "mail from {}",
    "subjectcontainswords": "subject contains {}",
    "subjectorbodycontainswords": "subject or body contains {}",
    "bodycontainswords": "body contains {}",
    "user": "for {}",
    "trustee": "for {}",
    "accessrights": "rights {}",
    "grantsendonbehalfto": "sends on behalf: {}",
}
_SWITCHES = {
    "deletemessage": "deletes the mail",
    "markasread": "marks the mail as read",
    "stopprocessingrules": "ends other rules",
    "delivertomailboxandforward": "keeps a copy",
}


def concerned(fields: Fields) -> tuple[str, str, str]:
    """(name, kind, id) of what the record is about; empty texts where it does not say."""
    key = fields.text("ObjectId")
    if name := fields.text("SourceFileName"):
        return name, fields.text("ItemType") or "File", key
    if owner := fields.text("MailboxOwnerUPN"):
        return owner, "Mailbox", fields.text("MailboxGuid") or key
    if team := fields.text("TeamName"):
        return team, "Team", fields.text("TeamGuid")
    if target := _target(fields):
        return target, "Account", key
    return key.rsplit("\\", 1)[-1] if "\\" in key else key, fields.text("ItemType") or ("Object" if key else ""), key


def _target(fields: Fields) -> str:
    """Entra's list of ids: the one that reads as an address, or a name that is no id."""
    listed = [one.text("ID") for one in fields.parts("Target")]
    return next((one for one in listed if "@" in one), "") or fields.text("TargetUserOrGroupName")


def what_rules_do(parameters: Mapping[str, str]) -> list[str]:
    """Each condition and effect of a rule, forwarding or delegation in words; `parameters` by lower-case name."""
    said = [
        words.format(value)
        for name, words in _PARAMETERS.items()
        if (value := parameters.get(name, "")) not in {"", "$null"}
    ]
    said += [words for name, words in _SWITCHES.items() if parameters.get(name, "").lower() == "true"]
    return said + _outlook(parameters)


def _outlook(parameters: Mapping[str, str]) -> list[str]:
    """Outlook writes a rule's effects as a JSON list in RuleActions."""
    listed = opened(parameters.get("ruleactions", ""))
    if not isinstance(listed, list):
        return []
    effects = [Fields(one) for one in listed[:20] if isinstance(one, Mapping)]
    return [" ".join(filter(None, (one.text("ActionType"), one.text("Recipients", "ForwardTo")))) for one in effects]
