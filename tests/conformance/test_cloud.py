"""A connection to Microsoft 365, run as the worker runs it, brings people, sign-ins and rules to where people look for them."""

import threading
from datetime import timedelta

import pytest

from labs import wait_until
from labs.graph import Graph, stamp
from watchfloor.connectors.registry import systems
from watchfloor.connectors.tests.entra import settings_for
from watchfloor.identities import jobs as identity_jobs  # noqa: F401  its ticks
from watchfloor.identities.selectors import person_of_name
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import jobs as lake_jobs  # noqa: F401  its ticks
from watchfloor.lake.selectors import count, query_from_parameters
from watchfloor.runtime.selectors import health
from watchfloor.runtime.services import run_ticks

pytestmark = pytest.mark.django_db(transaction=True)


def stored(table: str) -> int:
    return count(query_from_parameters({}, now=utc_now(), table=table))


def test_people_sign_ins_and_rules_of_a_tenant_arrive_and_arrive_once():
    now = utc_now()
    with Graph() as graph:
        ada = graph.tenant.add_user("ada", department="Sales")
        graph.tenant.sign_ins = [
            {
                "id": f"s{number}",
                "createdDateTime": stamp(now - timedelta(minutes=30 + number)),
                "userId": ada,
                "userPrincipalName": "ada@corp.example",
                "appDisplayName": "Portal",
                "ipAddress": "203.0.113.7",
                "status": {"errorCode": 0},
            }
            for number in range(7)
        ]
        rule = {
            "CreationTime": stamp(now - timedelta(minutes=20)).removesuffix("Z"),
            "Id": "u1",
            "Operation": "New-InboxRule",
            "Workload": "Exchange",
            "UserId": "ada@corp.example",
            "Parameters": [{"Name": "ForwardTo", "Value": "x@evil.example"}],
        }
        graph.tenant.publish("Audit.Exchange", [rule], at=now - timedelta(minutes=10))
        settings, stopping = settings_for(graph, seconds="1", days="1"), threading.Event()
        before = stored("EntraIdSignInEvents"), stored("CloudAppEvents")
        for _ in range(2):  # the worker is started a second time
            stopping.clear()
            graph.asked.clear()
            thread = threading.Thread(
                target=systems()["microsoft365"].run,
                args=(settings,),
                kwargs={"name": "tenant", "stop": stopping.is_set},
            )
            thread.start()
            try:
                wait_until(
                    lambda: graph.count("subscriptions/content") >= 6, seconds=30, what="two looks at the audit log"
                )
            finally:
                stopping.set()
                thread.join(20)
            assert not thread.is_alive()
        run_ticks("lake.observe", "identities.read_directory")
    assert (stored("EntraIdSignInEvents") - before[0], stored("CloudAppEvents") - before[1]) == (7, 1)
    assert person_of_name("ada@corp.example") == person_of_name(ada)
    (said,) = [one for one in health() if one.part == "connection tenant"]
    assert said.state == "ok", said.sentence
