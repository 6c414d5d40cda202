"""A cluster of more copies than are named one by one is counted, proposed once and removed as a whole."""

from datetime import timedelta

import pytest

from watchfloor.investigations import clusters
from watchfloor.investigations.case import is_
from watchfloor.investigations.contracts import Wish, WishKind
from watchfloor.investigations.recommending import chosen
from watchfloor.investigations.tests.conftest import NOW, PHISH, email_row
from watchfloor.lake import selectors
from watchfloor.lake import services as lake
from watchfloor.lake.contracts import Query
from watchfloor.response.freezing import freeze
from watchfloor.response.models import LedgerLine
from watchfloor.response.selectors import remediation

pytestmark = pytest.mark.django_db
MANY = 1200
LONE = "44444444-4444-4444-8444-444444444444"


def lay(**others):
    """One phish in 1,200 mailboxes."""
    lake.append("EmailEvents", [email_row(PHISH, f"p{number}@corp.example", **others) for number in range(MANY)])


def test_all_copies_of_a_large_cluster_are_counted_proposed_once_and_frozen(db, begun):
    lay()
    found = begun(PHISH)
    assert {one.counted_then.copies for one in found.clusters.all()} == {MANY}
    wish = found.recommendations.get(kind="mail")
    assert (wish.wished.copies, len(wish.wished.members), wish.wished.rows) == (MANY, 1, ())
    asked = remediation(wish.remediation_id)
    assert asked.expected == MANY
    freeze(asked, now=NOW)
    assert LedgerLine.objects.filter(remediation=asked).values("recipient").distinct().count() == MANY


def test_a_condemned_mail_beside_a_large_cluster_is_proposed_as_well(db, begun):
    lay()
    apart = {"EmailClusterId": 0, "Subject": "", "SenderIP": "", "SenderFromDomain": "lone.example"}
    lake.append("EmailEvents", [email_row(LONE, "eve@corp.example", **apart)])
    found = begun(PHISH, LONE)
    wishes = [one.wished for one in found.recommendations.filter(kind="mail")]
    assert sorted(one.copies for one in wishes) == [1, MANY]
    assert [one.rows for one in wishes if one.rows] == [(f"{LONE}|eve@corp.example",)]


def test_clusters_too_large_to_be_compared_are_still_proposed_once(phish, begun, monkeypatch):
    monkeypatch.setattr(clusters, "MOST_COMPARED", 2)
    found = begun(phish)
    [wish] = [one.wished for one in found.recommendations.filter(kind="mail")]
    assert (wish.copies, wish.members) == (3, ())


def test_a_cluster_that_shares_only_some_copies_with_a_large_one_is_proposed_too(phish):
    def wish(*names: str) -> Wish:
        people = is_("RecipientEmailAddress", *(f"{name}@corp.example" for name in names))
        query = Query("EmailEvents", NOW - timedelta(days=2), NOW, (is_("NetworkMessageId", PHISH), people))
        parameters = selectors.parameters_of(query)
        return Wish(
            f"cluster:{names}", WishKind.MAIL, "", "", "soft-delete", query=parameters, copies=selectors.count(query)
        )

    both, other, inside = wish("ann", "bob"), wish("bob", "cat"), wish("ann")
    assert chosen([inside, both, other], now=NOW) == [both, other]
