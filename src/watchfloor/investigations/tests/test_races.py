"""Two at once: workers that act by themselves within one day's cap, and URLs that begin alike."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from watchfloor.investigations import engine, recommending
from watchfloor.investigations.contracts import Cause, Seeds, Wish, WishKind
from watchfloor.investigations.models import Recommendation, TrustPolicy
from watchfloor.investigations.recommending import LONGEST_KEY, kept_key
from watchfloor.investigations.services import start
from watchfloor.investigations.tests.conftest import NOW, email_row
from watchfloor.lake import services as lake

MESSAGES = [f"7777777{number}-7777-4777-8777-777777777777" for number in range(2)]


def conclude_at_once(pks):
    """Each in a thread of its own, as two workers do it."""
    barrier, errors = Barrier(len(pks)), []

    def one(pk):
        try:
            barrier.wait()
            recommending.conclude(pk, 1, now=NOW)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=one, args=(pk,)) for pk in pks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_stay_within_one_days_cap(queued, analyst):
    TrustPolicy.objects.create(pk=1, level="automatic", daily_cap=3, least_share=0, spare_tagged=False)
    pks = []
    for number, message in enumerate(MESSAGES):
        facts = {"Subject": f"Race {number}", "EmailClusterId": 970 + number, "SenderFromDomain": f"r{number}.example"}
        names = ("ann", "bob")
        lake.append("EmailEvents", [email_row(message, f"{one}@corp.example", **facts) for one in names])
        cause = Cause("manual-mail", message, "Race", Seeds(messages=(message,)))
        pks.append(start(by=analyst, cause=cause, at=NOW).pk)
        for key in engine.begin(pks[-1], now=NOW):
            engine.work(pks[-1], 1, key, now=NOW)
    conclude_at_once(pks)
    done = Recommendation.objects.filter(automatic=True)
    assert [one.wish["copies"] for one in done] == [2]
    assert "more than 3 copies" in Recommendation.objects.get(automatic=False).not_automatic


@pytest.mark.django_db
def test_two_long_urls_that_begin_alike_are_two_recommendations(phish, begun):
    page = "https://elsewhere.example/" + "a" * 120
    found = begun(phish, playbook="malicious-click", urls=(f"{page}/one", f"{page}/two"))
    assert {one.wished.value for one in found.recommendations.filter(kind="block")} == {f"{page}/one", f"{page}/two"}


def test_a_kept_key_is_short_and_tells_long_ones_apart():
    keys = [f"block:{'x' * 300}{end}" for end in "ab"]
    assert {len(kept_key(one)) for one in keys} == {LONGEST_KEY}
    assert len({kept_key(one) for one in keys}) == 2
    assert kept_key("sent:ann@corp.example") == "sent:ann@corp.example"
    assert Wish.read(Wish(keys[0], WishKind.BLOCK, "", "").kept).key == keys[0]
