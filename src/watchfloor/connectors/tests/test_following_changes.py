"""Whatever happens between two looks: what is known from changes alone is what a look at everything would tell.

Files, clouds and domains are changed at random, the same each time, and after each few changes both views are compared.
"""

import os
import pwd
import random
import shutil
import subprocess
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ldap3
import pytest

from labs import lacking, need, need_root
from labs.nextcloud import Nextcloud
from labs.samba import BASE, STAFF, Samba
from watchfloor.connectors.contracts import Account, DirectoryGroup, ObservedKind, OwnedFile
from watchfloor.connectors.observing import observed_after
from watchfloor.connectors.protocols.ldap_settings import server_of
from watchfloor.connectors.systems.active_directory.following import look_once
from watchfloor.connectors.systems.file_shares.places import place_of
from watchfloor.connectors.systems.file_shares.scanning import Scanner
from watchfloor.connectors.systems.nextcloud.cloud import Basic, Cloud
from watchfloor.connectors.systems.nextcloud.following import Follower

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHAPES = {ObservedKind.ACCOUNTS: Account, ObservedKind.GROUPS: DirectoryGroup, ObservedKind.FILES: OwnedFile}

pytestmark = pytest.mark.django_db


def known_of(source):
    """What a reader of all that was handed on knows now, by key: the last word on each thing, gone ones left out."""
    known, position = {}, 0
    while batches := observed_after(position, kinds=SHAPES, limit=200):
        for batch in batches:
            position = batch.position
            if batch.source == source:
                known |= {(batch.kind, one["key"]): SHAPES[batch.kind].from_json(one) for one in batch.items}
    there = {key: one for key, one in known.items() if not one.deleted}
    # The end of a member, or of a manager, is told by itself: the controller does not touch who named it.
    keys = {key for _, key in there}
    return {key: without_the_gone(one, keys) for key, one in there.items()}


def without_the_gone(one, keys):
    if isinstance(one, DirectoryGroup):
        return replace(one, members=tuple(member for member in one.members if member in keys))
    if isinstance(one, Account) and one.manager not in keys:
        return replace(one, manager="")
    return one


# --- a tree of files -----------------------------------------------------------------------------------------------


@pytest.fixture
def tree():
    folder = Path(tempfile.mkdtemp(prefix="wff"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def scanned(tree, name):
    Scanner(place_of({"folder": str(tree)}), name).run()
    return known_of(name)


def change_a_file(tree, chance):
    """One change as people make them."""
    everything = sorted(tree.rglob("*"))
    folders = [tree, *(one for one in everything if one.is_dir())]
    files = [one for one in everything if one.is_file()]
    what, where, name = chance.randrange(9), chance.choice(folders), f"n{chance.randrange(12)}"
    target = where / name
    if what <= 2 and not target.is_dir():
        target.write_text("x" * chance.randrange(50))
    elif what == 3 and not target.exists():
        target.mkdir()
    elif what == 4 and files:
        chance.choice(files).unlink()
    elif what == 5 and everything:
        moved = chance.choice(everything)
        if moved != where and moved not in where.parents and not target.exists():
            moved.rename(target)
    elif what == 6 and everything:
        chance.choice(everything).chmod(chance.choice([0o700, 0o750, 0o755, 0o644, 0o777]))
    elif what == 7 and files:
        chance.choice(files).write_text("other" * chance.randrange(9))
    elif what == 8 and len(folders) > 1:
        shutil.rmtree(chance.choice(folders[1:]))


@pytest.mark.parametrize("seed", range(6))
def test_a_tree_of_files_is_known_from_its_changes(tree, seed):
    chance = random.Random(seed)
    (tree / "stays").touch()
    for turn in range(12):
        for _ in range(6):
            change_a_file(tree, chance)
        assert scanned(tree, "changes") == scanned(tree, f"whole {turn}")


# --- what we tell of rights, and what the kernel allows ----------------------------------------------------------------


def may(user, how, path):
    """Whether the kernel lets this user read (r) or write (w) the file."""
    command = ["/usr/bin/test", f"-{how}", str(path)]
    return subprocess.run(command, user=user, group=user, extra_groups=[], check=False).returncode == 0


@pytest.mark.parametrize("seed", range(5))
def test_whoever_the_kernel_lets_in_is_told(tree, seed):
    need_root("files are opened as others")
    setfacl, chance = need("/usr/bin/setfacl"), random.Random(seed)
    people = ("www-data", "backup", "mail")
    for number in range(10):
        folder, file = tree / f"d{number}", tree / f"d{number}" / "file"
        folder.mkdir()
        file.write_text("words")
        for path in (folder, file):
            path.chmod(chance.randrange(0o1000))
            os.chown(
                path, *(pwd.getpwnam(chance.choice(people)).pw_uid for _ in "ug")
            )  # their groups have the same numbers
            entries = [
                f"{kind}:{who}:{chance.choice(['r', 'rw', 'rx', 'x', '---'])}" for kind in "ug" for who in people
            ]
            some = ",".join(chance.sample(entries, chance.randrange(4)))
            if some:
                done = subprocess.run([setfacl, "-m", some, str(path)], check=False, capture_output=True)
                if done.returncode:
                    lacking("this file system has no access lists")
    known = scanned(tree, "rights")
    for number in range(10):
        shares = known["files", f"d{number}/file"].shares
        for user in set(people) - {known["files", f"d{number}/file"].owner}:
            told = {share.right for share in shares if share.whom in (user, "organisation")}
            if may(user, "r", tree / f"d{number}" / "file"):
                assert told, (number, user, shares)
            if may(user, "w", tree / f"d{number}" / "file"):
                assert "write" in told, (number, user, shares)


# --- a cloud -------------------------------------------------------------------------------------------------------------


def looked(cloud, name):
    with Cloud(cloud.url, Basic("ada", cloud.password)) as asked:
        Follower(asked, name).run()
    return known_of(name)


def change_a_cloud(cloud, chance):
    paths = sorted(_paths(cloud.homes["ada"]), key=lambda found: found[0])
    folders = ["", *(path for path, node in paths if node.folder)]
    what, where = chance.randrange(8), chance.choice(folders)
    new = f"{where}/n{chance.randrange(12)}".strip("/")
    taken = {path for path, _ in paths}
    if what <= 2 and (new not in taken or not cloud.at("ada", new).folder):
        cloud.put("ada", new, size=chance.randrange(99))
    elif what == 3 and new not in taken:
        cloud.put("ada", f"{new}/inside")
    elif what == 4 and paths:
        cloud.remove("ada", chance.choice(paths)[0])
    elif what == 5 and paths and new not in taken:
        old = chance.choice(paths)[0]
        if not f"{where}/".startswith(f"{old}/"):
            cloud.move("ada", old, new)
    elif what == 6 and paths:
        cloud.share("ada", chance.choice(paths)[0], f"team{chance.randrange(4)}", kind=1)
    elif what == 7:
        cloud.unshare(f"team{chance.randrange(4)}")
    here = {node.id: path for path, node in _paths(cloud.homes["ada"])}
    cloud.shares = [
        one | {"path": f"/{here[one['item_source']]}"} for one in cloud.shares if one["item_source"] in here
    ]


def _paths(node, above=""):
    for name, child in node.children.items():
        yield f"{above}{name}", child
        yield from _paths(child, f"{above}{name}/")


@pytest.mark.parametrize("seed", range(6))
def test_a_cloud_is_known_from_its_changes(seed):
    chance = random.Random(seed)
    with Nextcloud() as cloud:
        for turn in range(12):
            for _ in range(5):
                change_a_cloud(cloud, chance)
            assert looked(cloud, "changes") == looked(cloud, f"whole {turn}")


# --- a domain --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def domain():
    with Samba() as running:
        with running.admin() as admin:
            for unit in ("A", "B"):
                admin.add(f"OU={unit},{STAFF}", "organizationalUnit")
        yield running


def change_a_domain(domain, admin, chance, number):
    def there(filter):
        admin.search(STAFF, filter, attributes=["cn"])
        return [one["dn"] for one in admin.response if one["type"] == "searchResEntry"]

    people, groups = there("(objectCategory=person)"), there("(objectCategory=group)")
    units = there("(objectCategory=organizationalUnit)")
    what, name = chance.randrange(9), f"n{number}"
    if what <= 1 or not people:
        admin.add(f"CN={name},{chance.choice(units)}", ["user"], {"sAMAccountName": name, "department": "D"})
    elif what == 2 or not groups:
        members = chance.sample(people, min(len(people), 2))
        admin.add(f"CN={name},{STAFF}", ["group"], {"sAMAccountName": name, "member": members})
    elif what == 3:
        admin.modify(chance.choice(people), {"title": [(ldap3.MODIFY_REPLACE, [name])]})
    elif what == 4:
        admin.modify_dn(chance.choice(people), f"CN=r{name}", new_superior=chance.choice(units))
    elif what == 5:
        admin.delete(chance.choice([*people, *groups]))
    elif what == 6:
        group = chance.choice(groups)
        admin.search(group, "(objectClass=*)", ldap3.BASE, attributes=["member"])
        now = set(admin.response[0]["attributes"].get("member") or ())
        other = [one for one in [*people, *groups] if one not in now and one != group]
        if other:
            admin.modify(group, {"member": [(ldap3.MODIFY_ADD, [chance.choice(other)])]})
    elif what == 7:
        folders = [one for one in units if one.lower() != STAFF.lower()]
        admin.modify_dn(chance.choice(folders), f"OU=u{name}")
    else:
        admin.modify(chance.choice(people), {"manager": [(ldap3.MODIFY_REPLACE, [chance.choice(people)])]})


@pytest.mark.lab
@pytest.mark.slow
def test_a_domain_is_known_from_its_changes(domain):
    chance = random.Random(11)
    settings = {"host": domain.address, "port": "636", "security": "tls", "ca_file": str(domain.ca_file)}
    settings |= {"bind_dn": domain.admin_user, "password": domain.admin_password, "base_dn": BASE}
    server = server_of(settings)
    number = 0
    with domain.admin() as admin:
        for turn in range(12):
            for _ in range(8):
                number += 1
                change_a_domain(domain, admin, chance, number)
            look_once(server, name="changes", now=NOW + timedelta(minutes=turn))
            look_once(server, name=f"whole {turn}", now=NOW + timedelta(minutes=turn))
            assert known_of("changes") == known_of(f"whole {turn}")
