"""ATT&CK techniques that an activity by itself speaks of, by its name in Microsoft's, Google's and directories' records."""

SIGNS = {
    "inboxrule": ("T1564.008",),
    "forward": ("T1114.003",),
    "mailboxpermission": ("T1098.002",),
    "consenttoapplication": ("T1528",),
    "appassignment": ("T1528",),
    "serviceprincipalcredential": ("T1098.001",),
    "membertorole": ("T1098.003",),
    "groupmembership": ("T1098",),
    "membertogroup": ("T1098",),
    "strongauthentication": ("T1556.006",),
    "securityinfo": ("T1556.006",),
    "passwordchanged": ("T1098",),
    "resetuserpassword": ("T1098",),
    "accountdisabled": ("T1531",),
    "disableaccount": ("T1531",),
    "filedownloaded": ("T1530",),
    "filedeleted": ("T1485",),
    "anonymouslinkcreated": ("T1567",),
    "directoryreplication": ("T1003.006",),
}
"""Lower-case letters of a name that tell the technique."""


def techniques_of(activity: str) -> tuple[str, ...]:
    """The techniques of an activity, none for an everyday one."""
    plain = "".join(sign for sign in activity.lower() if sign.isalnum())
    return next((found for part, found in SIGNS.items() if part in plain), ())
