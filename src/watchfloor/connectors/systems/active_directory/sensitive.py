"""Groups whose members rule over others, told by the identifiers Microsoft fixed for them (not by names, which are translated).

From “Well-known SIDs” and “Appendix C: Protected accounts and groups in Active Directory”.
"""

_DOMAIN = {
    512: "Domain Admins: its members administer every computer and account of the domain",
    516: "Domain Controllers: its members hold a copy of every password",
    518: "Schema Admins: its members change what the whole forest is made of",
    519: "Enterprise Admins: its members administer every domain of the forest",
    520: "Group Policy Creator Owners: its members write policies that run on other people's computers",
    521: "Read-only Domain Controllers: its members hold copies of passwords",
    526: "Key Admins: its members put sign-in keys on accounts of the domain",
    527: "Enterprise Key Admins: its members put sign-in keys on accounts of the forest",
}
_BUILTIN = {
    544: "Administrators: its members have full control of the domain controllers",
    548: "Account Operators: its members make, change and delete accounts and groups",
    549: "Server Operators: its members change services and files of the domain controllers",
    550: "Print Operators: its members may load drivers on the domain controllers",
    551: "Backup Operators: its members may read and replace every file of the domain controllers",
    552: "Replicators: the directory's file replication runs under it",
}
_BY_NAME = {"dnsadmins": "DnsAdmins: its members may have the domain controller's DNS service load their code"}
GUARDED = "its permissions are guarded by the directory (adminCount is 1), as those of groups that administer"


def why_sensitive(sid: str, name: str, *, guarded: bool) -> str:
    """Why membership gives power over others, as a sentence; "" when it does not. `guarded` is adminCount = 1."""
    head, _, last = sid.rpartition("-")
    number = int(last) if last.isdigit() else 0
    if head.startswith("S-1-5-21-") and number in _DOMAIN:
        return f"{_DOMAIN[number]} (identifier {number})"
    if head == "S-1-5-32" and number in _BUILTIN:
        return f"{_BUILTIN[number]} (identifier {number})"
    return _BY_NAME.get(name.lower(), "") or (GUARDED if guarded else "")
