"""Which attribute of an entry is which field of an account: sensible ones unless the connection says otherwise."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from watchfloor.connectors.protocols.ldap_entry import Entry, readable
from watchfloor.kernel.errors import BadInput

USUAL = {
    "name": "uid",
    "upn": "userprincipalname|krbprincipalname",
    "mail": "mail",
    "other_mails": "mailalternateaddress|maillocaladdress|rfc822mailbox",
    "display_name": "displayname|cn",
    "given_name": "givenname",
    "surname": "sn",
    "department": "departmentnumber|ou",
    "title": "title",
    "company": "o",
    "employee_id": "employeenumber",
    "phone": "telephonenumber",
    "mobile": "mobile",
    "office": "physicaldeliveryofficename|roomnumber",
    "city": "l",
    "country": "co|c",
    "manager": "manager",
}
"""For each field the attributes to look into; the first that has a value counts, for further addresses all do."""
AS_TEXT = "\n".join(f"{field}={attributes}" for field, attributes in USUAL.items())
_NAME = re.compile(r"[a-z][a-z0-9.;-]{0,100}")


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of each field, in lower case."""

    fields: Mapping[str, tuple[str, ...]]

    def value(self, entry: Entry, field: str) -> str:
        """The first value of the first attribute that has one."""
        for attribute in self.fields[field]:
            if values := entry.attributes.get(attribute):
                return readable(values[0])
        return ""

    def values(self, entry: Entry, field: str) -> tuple[str, ...]:
        """Every value of every attribute."""
        return tuple(value for attribute in self.fields[field] for value in entry.texts(attribute))

    @property
    def names(self) -> tuple[str, ...]:
        """All that has to be asked for."""
        return tuple(dict.fromkeys(one for several in self.fields.values() for one in several))


def attributes_of(text: str) -> Attributes:
    """From lines as `department=departmentnumber|ou`; a field not named keeps its usual ones, `field=` has none.

    Raises BadInput for a field there is not, or an attribute's name that is none.
    """
    said = dict(USUAL)
    for line in text.lower().split():
        field, equals, names = line.partition("=")
        if not equals or field not in USUAL:
            raise BadInput(f"“{line}” is no field=attribute; fields are {', '.join(USUAL)}", place="attributes")
        if wrong := [name for name in names.split("|") if name and not _NAME.fullmatch(name)]:
            raise BadInput(f"“{wrong[0]}” is no attribute's name", place="attributes")
        said[field] = names
    return Attributes({field: tuple(filter(None, names.split("|"))) for field, names in said.items()})
