"""Filling the columns that a source left empty, from the others of the same row; nothing the source said is overwritten."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from watchfloor.lake.enriching.addresses import place_of
from watchfloor.lake.enriching.clients import client_of
from watchfloor.lake.locations import Place

PRIVATE_NETWORK = "Private network"


@dataclass(frozen=True, slots=True)
class Rule:
    """Which columns of a table follow from which: `country` and `provider` from `address`, `kinds` are (address, its kind).

    `agent` is where the User-Agent stands; system and browser go to `platform` and `browser`.
    """

    address: str = ""
    country: str = ""
    provider: str = ""
    kinds: tuple[tuple[str, str], ...] = ()
    agent: str = ""
    platform: str = ""
    browser: str = ""
    names: bool = False


RULES: Mapping[str, Rule] = {
    "IdentityLogonEvents": Rule("IPAddress", "Location", "Isp", names=True),
    "IdentityDirectoryEvents": Rule("IPAddress", "Location", "ISP", names=True),
    "EntraIdSignInEvents": Rule("IPAddress", "Country", agent="UserAgent", platform="OSPlatform", browser="Browser"),
    "CloudAppEvents": Rule("IPAddress", "CountryCode", "Isp", agent="UserAgent", platform="OSPlatform"),
    "DeviceLogonEvents": Rule(kinds=(("RemoteIP", "RemoteIPType"),), names=True),
    "DeviceNetworkEvents": Rule(kinds=(("RemoteIP", "RemoteIPType"), ("LocalIP", "LocalIPType"))),
    "DeviceProcessEvents": Rule(names=True),
}
NOTHING = Rule()


def completed(table: str, row: dict[str, Any], *, locate: Callable[[str], Place] = place_of) -> dict[str, Any]:
    """The row itself, with what follows from it filled in; `locate` says where an address lies."""
    rule = RULES.get(table, NOTHING)
    if rule.address and row.get(rule.address):
        _locate(rule, row, locate(str(row[rule.address])))
    for address, kind in rule.kinds:
        if not row.get(kind) and row.get(address):
            row[kind] = place_of(str(row[address])).kind
    if rule.agent and row.get(rule.agent):
        _describe_client(rule, row)
    if rule.names:
        _name_account(row)
    return row


def _locate(rule: Rule, row: dict[str, Any], place: Place) -> None:
    if not row.get(rule.country):
        row[rule.country] = place.country_code
    if rule.provider and not row.get(rule.provider):
        row[rule.provider] = place.asn or (PRIVATE_NETWORK if place.private else "")


def _describe_client(rule: Rule, row: dict[str, Any]) -> None:
    client = client_of(str(row[rule.agent]))
    if not row.get(rule.platform):
        row[rule.platform] = client.platform
    if rule.browser and not row.get(rule.browser):
        row[rule.browser] = client.browser


def _name_account(row: dict[str, Any]) -> None:
    """DOMAIN\\name and name@domain, taken apart, so that people are found by whichever of their names a source uses."""
    name = str(row.get("AccountName") or "")
    if "\\" in name:
        domain, _, name = name.partition("\\")
        row["AccountName"] = name
        row["AccountDomain"] = row.get("AccountDomain") or domain
    elif "@" in name and not row.get("AccountUpn"):
        row["AccountUpn"] = name
    upn = str(row.get("AccountUpn") or "")
    if "@" in upn and (not name or name == upn):
        row["AccountName"], _, domain = upn.rpartition("@")
        row["AccountDomain"] = row.get("AccountDomain") or domain


def with_more(row: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Add to AdditionalFields, whichever way they were given."""
    said = row.get("AdditionalFields")
    if isinstance(said, str):
        try:
            said = json.loads(said) if said else {}
        except ValueError:
            said = {"Text": said}
    if not isinstance(said, dict):
        said = {"Value": said} if said else {}
    row["AdditionalFields"] = {**more, **said}
