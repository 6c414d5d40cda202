"""A mail may kill its reader; it becomes unparsable, and no other mail is lost."""

import os
import pickle
import signal
import threading
import time
from concurrent.futures import wait
from dataclasses import replace

import pytest

from watchfloor.inspection import pool as pools
from watchfloor.inspection.contracts import Envelope, Inspection
from watchfloor.inspection.pool import InspectionPool, inspect_safely
from watchfloor.inspection.tasks import read_answer
from watchfloor.inspection.tests.bombs import huge_mail
from watchfloor.inspection.tests.letters import FACTS, NOW, letter, read
from watchfloor.inspection.unread import unread
from watchfloor.kernel.errors import Unreachable

NOBODY = Envelope()


def _submit(pool: InspectionPool, count: int, start: int = 0):
    return [
        pool.submit(letter(f"mail {n}", message_id=f"<{n}@x.example>"), NOBODY, NOW)
        for n in range(start, start + count)
    ]


def test_many_mails_come_back_each_to_its_own_future():
    with InspectionPool(2, FACTS) as pool:
        found = [future.result(60) for future in _submit(pool, 200)]
    assert [one.internet_message_id for one in found] == [f"<{n}@x.example>" for n in range(200)]
    assert {one.unparsable for one in found} == {""}


def test_the_pool_and_the_plain_function_agree():
    raw = letter("Please verify your account https://evil.example/", sender="PayPal <x@evil.example>")
    assert inspect_safely(raw, envelope=NOBODY, facts=FACTS, now=NOW) == read(raw)


def test_a_mail_that_takes_too_long_is_unparsable_and_the_others_are_not():
    slow = letter("never read to its end", subject="slow", message_id="<slow@x.example>")
    with InspectionPool(1, FACTS, seconds=3) as pool:
        before = [future.result(60) for future in _submit(pool, 5)]
        # A halted reader hangs on any machine; how long a real mail takes depends on who else runs there.
        os.kill(pool.pids[0], signal.SIGSTOP)
        bad, after = pool.submit(slow, NOBODY, NOW), _submit(pool, 20, 5)
        found = bad.result(60)
        others = before + [future.result(60) for future in after]
    assert found.unparsable == "took longer than 3 s"
    assert found.size == len(slow)
    assert found.sha256 == read(slow).sha256
    assert found.fingerprint == read(slow).fingerprint
    assert found.subject == "slow"
    assert {one.unparsable for one in others} == {""}


def test_a_mail_that_needs_too_much_memory_is_unparsable():
    with InspectionPool(1, FACTS, memory=200 << 20) as pool:
        bad = pool.submit(huge_mail(), NOBODY, NOW)
        others = _submit(pool, 5)
        found = bad.result(60)
        assert [one.result(60).unparsable for one in others] == [""] * 5
    assert found.unparsable
    assert found.size > 90_000_000


def test_workers_killed_at_random_lose_nothing():
    stop = threading.Event()

    def murder() -> None:
        while not stop.wait(0.15):
            for pid in pool.pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue

    with InspectionPool(2, FACTS) as pool:
        pool.submit(letter(), NOBODY, NOW).result(60)
        killer = threading.Thread(target=murder)
        killer.start()
        futures = _submit(pool, 400)
        wait(futures, timeout=20)
        stop.set()
        killer.join()
        missing = wait(futures, timeout=60).not_done
    assert not missing
    found = [future.result() for future in futures]
    assert [one.internet_message_id for one in found] == [f"<{n}@x.example>" for n in range(400)]
    # A mail suffers only when its worker was killed twice while reading it.
    suffered = [one.unparsable for one in found if one.unparsable]
    assert len(suffered) < 5
    assert all("twice" in words for words in suffered)


def test_a_killed_worker_is_replaced():
    with InspectionPool(1, FACTS) as pool:
        pool.submit(letter(), NOBODY, NOW).result(60)
        old = pool.pids
        os.kill(old[0], signal.SIGKILL)
        time.sleep(0.1)
        results = [future.result(60) for future in _submit(pool, 3)]
        assert results[-1].unparsable == ""
        assert pool.pids != old


def test_closing_waits_for_what_was_submitted_and_leaves_no_process():
    pool = InspectionPool(2, FACTS)
    futures = _submit(pool, 50)
    pool.close()
    assert all(future.done() for future in futures)
    assert pool.pids == ()
    with pytest.raises(RuntimeError):
        pool.submit(b"", NOBODY, NOW)


def test_a_worker_is_small_and_knows_no_django():
    with InspectionPool(1, FACTS) as pool:
        pool.submit(letter(), NOBODY, NOW).result(60)
        with open(f"/proc/{pool.pids[0]}/status") as status:
            resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        with open(f"/proc/{pool.pids[0]}/maps") as maps:
            mapped = maps.read()
    assert resident < 60 * 1024
    assert "pyarrow" not in mapped
    assert "_duckdb" not in mapped


def test_a_machine_that_starts_no_worker_says_so(monkeypatch):
    monkeypatch.setattr(pools.sys, "executable", "/bin/false")
    with InspectionPool(1, FACTS) as pool:
        future = pool.submit(letter(), NOBODY, NOW)
        with pytest.raises(Unreachable, match="did not start"):
            future.result(30)


def test_a_fault_of_our_own_reaches_who_waits_and_the_pool_lives_on(monkeypatch):
    with InspectionPool(1, FACTS) as pool:
        pool.submit(letter(), NOBODY, NOW).result(60)
        with monkeypatch.context() as patched:
            patched.setattr(pools, "_judged", lambda worker, seconds: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                pool.submit(letter(), NOBODY, NOW).result(30)
        after = pool.submit(letter(message_id="<after@x.example>"), NOBODY, NOW).result(30)
        assert after.internet_message_id == "<after@x.example>"


def test_a_cancelled_mail_is_not_read():
    with InspectionPool(1, FACTS) as pool:
        futures = _submit(pool, 50)
        cancelled = [future for future in futures[30:] if future.cancel()]
        wait(futures, timeout=60)
    assert cancelled
    assert all(future.done() for future in futures)


class _Attack:
    def __reduce__(self):
        return os.system, ("true",)


@pytest.mark.parametrize("answer", [_Attack(), os.system, 42, ["x"], NOBODY])
def test_a_worker_that_was_taken_over_cannot_reach_its_parent(answer):
    with pytest.raises(pickle.UnpicklingError):
        read_answer(pickle.dumps(answer, protocol=5))


def test_a_whole_inspection_survives_the_pipe():
    found = read(letter("see https://a.example/", sender="PayPal <x@evil.example>"))
    assert isinstance(found, Inspection)
    assert read_answer(pickle.dumps(found, protocol=5)) == found


def test_the_unread_keep_their_envelope():
    found = unread(
        letter(),
        envelope=Envelope(mail_from="Bo@Partner.example", recipients=("Ada@corp.example",), client_ip="203.0.113.7"),
        reason="why",
    )
    assert (found.mail_from, found.recipients, found.sender_ip) == (
        "bo@partner.example",
        ("ada@corp.example",),
        "203.0.113.7",
    )
    assert (found.unparsable, found.verdict.threat_types) == ("why", ())


def test_new_facts_count_from_the_next_mail_on():
    raw = letter(sender="Partner <ada@partner.example>")
    blocked = replace(FACTS, blocked=frozenset({"domain:partner.example"}))
    with InspectionPool(1, FACTS) as pool:
        before = pool.submit(raw, NOBODY, NOW).result()
        pool.tell(blocked)
        after = pool.submit(raw, NOBODY, NOW).result()
    assert "blocked_domain" not in {reason.signal for reason in before.verdict.reasons}
    assert "blocked_domain" in {reason.signal for reason in after.verdict.reasons}
