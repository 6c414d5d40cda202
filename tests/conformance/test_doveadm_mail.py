"""Mail of many mailboxes found and moved by doveadm, without a session in any; what is not plain is left to sessions."""

import pytest

from labs.dovecot import Dovecot
from tests.conformance.test_mailbox_actions import LONG_AGO, DovecotWorld, found, mail
from watchfloor.connectors.contracts import Folder, Target

PEOPLE = [f"u{number:02}@corp.example" for number in range(25)]
OTHER = "u25@corp.example"
"""Has the mail, too, and nobody asks for it: the mask u* covers this mailbox."""
PHISH, SECOND, NEWSLETTER = (f"<{name}@evil.example>" for name in ("phish", "second", "newsletter"))
TARGETS = [Target(user, PHISH) for user in PEOPLE]
SESSION = "imap-login: Info: Login"


@pytest.fixture
def server():
    with Dovecot(users=[*PEOPLE, OTHER]) as server:
        for message_id in (NEWSLETTER, PHISH):
            server.deliver(mail(message_id), to=[*PEOPLE, OTHER])
        yield server


@pytest.fixture
def world(server):
    return DovecotWorld(server)


def logged_since(server, lines: int) -> str:
    return "\n".join(server.log().splitlines()[lines:])


def moved(world, copies, *, to=Folder.RECOVERABLE):
    """The outcomes of each target, and whether a session was opened for them."""
    lines = len(world.server.log().splitlines())
    outcomes: dict[Target, list] = {}
    for target, outcome in world.actions.move(list(copies.items()), to=to):
        outcomes.setdefault(target, []).append(outcome)
    return outcomes, SESSION in logged_since(world.server, lines)


def everywhere(world, message_id: str) -> dict[str, list[str]]:
    """Folders the mail lies in, of each mailbox that has it."""
    copies = found(world, *(Target(user, message_id) for user in (*PEOPLE, OTHER)))
    return {target.mailbox: sorted(copy.path for copy in some) for target, some in copies.items() if some}


def test_mail_is_found_and_moved_without_a_session_in_any_mailbox(world):
    lines = len(world.server.log().splitlines())
    copies = found(world, *TARGETS)
    assert SESSION not in logged_since(world.server, lines)
    outcomes, session = moved(world, copies)
    assert not session
    assert {target: [(one.status, one.verified) for one in some] for target, some in outcomes.items()} == {
        target: [("moved", True)] for target in TARGETS
    }
    (one,) = outcomes[TARGETS[0]]
    assert (one.before, one.after.path, one.after.folder) == (
        copies[TARGETS[0]][0],
        "Recoverable",
        Folder.RECOVERABLE,
    )


def test_only_what_was_asked_for_is_touched_though_the_mask_covers_others(world):
    moved(world, found(world, *TARGETS))
    assert everywhere(world, PHISH) == {user: ["Recoverable"] for user in PEOPLE} | {OTHER: ["INBOX"]}
    assert everywhere(world, NEWSLETTER) == {user: ["INBOX"] for user in (*PEOPLE, OTHER)}


def test_each_mailbox_loses_its_own_mails_when_they_differ(world):
    """In every second mailbox another mail is meant, under another UID."""
    world.server.deliver(mail(SECOND), to=PEOPLE)
    wanted = [Target(user, PHISH if number % 2 else SECOND) for number, user in enumerate(PEOPLE)]
    outcomes, session = moved(world, found(world, *wanted))
    assert not session
    assert all(some[0].verified for some in outcomes.values())
    assert everywhere(world, PHISH) == {
        user: ["Recoverable" if number % 2 else "INBOX"] for number, user in enumerate(PEOPLE)
    } | {OTHER: ["INBOX"]}
    assert everywhere(world, SECOND) == {
        user: ["INBOX" if number % 2 else "Recoverable"] for number, user in enumerate(PEOPLE)
    }


def test_flags_and_dates_go_along_and_come_back(world):
    for user in PEOPLE:
        world.put(user, SECOND, folder="Projects", flags=("\\Seen", "\\Flagged"))
    wanted = [Target(user, SECOND) for user in PEOPLE]
    copies = found(world, *wanted)
    outcomes, session = moved(world, copies)
    assert not session
    for (after,) in found(world, *wanted).values():
        assert (after.path, after.flags, after.internal_date) == ("Recoverable", ("\\Flagged", "\\Seen"), LONG_AGO)
    back = dict(world.actions.restore([(target, one.before) for target, (one,) in outcomes.items()]))
    assert all(one.verified for one in back.values())
    assert found(world, *wanted).keys() == copies.keys()
    assert everywhere(world, SECOND) == {key: ["Projects"] for key in PEOPLE}


def test_what_is_not_plain_is_done_by_sessions_and_the_others_are_not_opened_for_it(world):
    ada, max, eve = PEOPLE[:3]
    world.put(ada, PHISH, folder="Projects")
    copies = found(world, *TARGETS)
    world.move_behind_our_back(max, PHISH, "Trash")
    client = world.server.login(eve)
    client.select_folder("INBOX")
    client.delete_messages(client.search(["HEADER", "Message-ID", PHISH]))
    client.expunge()
    client.logout()
    lines = len(world.server.log().splitlines())
    outcomes, _ = moved(world, copies)
    told = {target.mailbox: [(one.status, one.verified) for one in some] for target, some in outcomes.items()}
    assert told == {user: [("moved", True)] for user in PEOPLE} | {
        ada: [("moved", True)] * 2,
        eve: [("missing", False)],
    }
    assert outcomes[Target(max, PHISH)][0].before.path == "Trash"
    assert logged_since(world.server, lines).count(SESSION) == 3
    assert everywhere(world, PHISH) == {user: ["Recoverable"] for user in PEOPLE if user != eve} | {
        ada: ["Recoverable"] * 2,
        OTHER: ["INBOX"],
    }


def test_a_second_copy_that_comes_meanwhile_goes_too(world):
    copies = found(world, *TARGETS)
    world.server.deliver(mail(PHISH), to=PEOPLE[:1])
    outcomes, _ = moved(world, copies)
    assert sorted(one.status for one in outcomes[TARGETS[0]]) == ["already", "moved"]
    assert everywhere(world, PHISH)[PEOPLE[0]] == ["Recoverable"] * 2


def test_a_folder_made_anew_is_another_folder_though_its_uids_are_the_same(world):
    for user in PEOPLE:
        world.put(user, SECOND, folder="Projects")
    copies = found(world, *(Target(user, SECOND) for user in PEOPLE))
    client = world.server.login(PEOPLE[0])
    client.delete_folder("Projects")
    client.logout()
    world.put(PEOPLE[0], "<innocent@corp.example>", folder="Projects")
    assert everywhere(world, "<innocent@corp.example>")  # now its GUID is known
    outcomes, _ = moved(world, copies)
    assert outcomes.pop(Target(PEOPLE[0], SECOND))[0].status == "missing"
    assert all(one.verified for some in outcomes.values() for one in some)
    assert everywhere(world, "<innocent@corp.example>") == {PEOPLE[0]: ["Projects"]}


def test_a_destination_nobody_has_yet_is_made(server):
    world = DovecotWorld(server, recoverable="Kept/Away")
    outcomes, session = moved(world, found(world, *TARGETS))
    assert session
    assert all(one.verified for some in outcomes.values() for one in some)
    assert everywhere(world, PHISH) == {key: ["Kept/Away"] for key in PEOPLE} | {OTHER: ["INBOX"]}


def test_without_a_word_from_doveadm_mail_is_moved_all_the_same(world):
    copies = found(world, *TARGETS)
    world.actions.move_all.__self__.doveadm.key = "changed meanwhile"
    outcomes, session = moved(world, copies)
    assert session
    assert all(one.verified for some in outcomes.values() for one in some)


def test_a_folder_the_server_knows_best_is_asked_for_in_the_mailbox(world):
    """Which folder is \\Junk nobody configured: only a session is told."""
    outcomes, session = moved(world, found(world, *TARGETS), to=Folder.JUNK)
    assert session
    assert {one.after.path for some in outcomes.values() for one in some} == {"Junk"}


def test_mail_that_lies_there_already_says_so(world):
    moved(world, found(world, *TARGETS))
    outcomes, _ = moved(world, found(world, *TARGETS))
    assert {one.status for some in outcomes.values() for one in some} == {"already"}


def test_a_few_of_a_large_server_are_not_worth_going_through_the_others(world):
    mail = world.actions.move_all.__self__
    few = found(world, *TARGETS)
    mail.doveadm._users |= {f"u{number}x@corp.example": f"u{number}x@corp.example" for number in range(500)}
    outcomes, session = moved(world, few)
    assert session
    assert all(one.verified for some in outcomes.values() for one in some)
