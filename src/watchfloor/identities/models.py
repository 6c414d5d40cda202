"""People and what the directories know of them, in the relational store."""

from typing import Any, ClassVar

from django.db import models


class DirectoryPerson(models.Model):
    """One person of the organisation: an identity that joins accounts. `source` names the import that wrote the row last.

    Name, department and the like are those of the leading account, which `leading` names (provider, source, key); `tags` are set by people
    and by imports. `deleted_at` is when the last account went; `first_seen_at` and `last_seen_at` span everything seen of the
    person. `status` is active, suspended, staged or deleted; `privileged` that an account holds an administrator's role or is in
    a sensitive group. `merged_into` is the person this one turned out to be; `merged` keeps what undoing that needs.
    """

    address = models.CharField(max_length=320, unique=True)
    name = models.CharField(max_length=200)
    department = models.CharField(max_length=200, blank=True, db_index=True)
    title = models.CharField(max_length=200, blank=True)
    manager = models.CharField(max_length=320, blank=True, db_index=True)
    groups = models.JSONField(default=list, blank=True)
    tags = models.JSONField(default=list, blank=True)
    source = models.CharField(max_length=100)
    imported_at = models.DateTimeField()
    given_name = models.CharField(max_length=100, blank=True)
    surname = models.CharField(max_length=100, blank=True)
    company = models.CharField(max_length=200, blank=True)
    employee_id = models.CharField(max_length=100, blank=True)
    phone = models.CharField(max_length=100, blank=True)
    mobile = models.CharField(max_length=100, blank=True)
    office = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=100, blank=True)
    service = models.BooleanField(default=False)
    created_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    external = models.BooleanField(default=False, db_index=True)
    status = models.CharField(max_length=20, default="active", db_index=True)
    privileged = models.BooleanField(default=False, db_index=True)
    domain = models.CharField(max_length=255, blank=True, db_index=True)
    leading = models.CharField(max_length=400, blank=True)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, db_index=False, on_delete=models.SET_NULL, related_name="merged_people"
    )
    merged: "models.JSONField[Any, Any]" = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("name",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["name", "id", "merged_into", "status"], name="people_by_name"),
            models.Index(fields=["last_seen_at", "id", "merged_into", "status"], name="people_by_last_seen"),
            models.Index(fields=["company", "name", "id"], name="people_by_company"),
            models.Index(fields=["-imported_at"], name="people_by_import"),
            models.Index(fields=["status", "merged_into"], name="people_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"

    @property
    def href(self) -> str:
        return f"/identities/{self.pk}"


class Account(models.Model):
    """One account as a connection last told of it, and the person it was joined to.

    `joined` says why: {"by": rule or "hand", "value": what matched, "words": a sentence}. `facts` holds the rest of what the
    source said (`connectors.contracts.Account.as_json`), `pinned` that a person joined or split it and no rule may move it.
    """

    person = models.ForeignKey(DirectoryPerson, null=True, on_delete=models.SET_NULL, related_name="accounts")
    source = models.CharField(max_length=100)
    key = models.CharField(max_length=400)
    provider = models.CharField(max_length=40)
    name = models.CharField(max_length=320, blank=True, db_index=True)
    upn = models.CharField(max_length=320, blank=True, db_index=True)
    mail = models.CharField(max_length=320, blank=True, db_index=True)
    dn = models.CharField(max_length=1000, blank=True)
    sid = models.CharField(max_length=200, blank=True, db_index=True)
    display_name = models.CharField(max_length=300, blank=True)
    manager_key = models.CharField(max_length=1000, blank=True)
    enabled = models.BooleanField(default=True)
    flags: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    roles: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    facts: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    joined: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    pinned = models.BooleanField(default=False)
    created_at = models.DateTimeField(null=True)
    last_sign_in_at = models.DateTimeField(null=True)
    password_set_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ("source", "name")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "key"], name="one_row_per_account"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["provider", "deleted_at", "person"], name="accounts_by_provider"),
            models.Index(fields=["source", "manager_key"], name="accounts_by_manager"),
        ]

    def __str__(self) -> str:
        return f"{self.upn or self.mail or self.name or self.key} ({self.source})"


class AccountAlias(models.Model):
    """A further name under which events speak of an account: other mail addresses, DOMAIN\\name, object ids. Lower-case.

    `kind` is mail, object, name, login, sid, dn, own (login name at an own domain) or employee (company|number).
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="aliases")
    kind = models.CharField(max_length=20)
    value = models.CharField(max_length=400, db_index=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["account", "kind", "value"], name="one_row_per_alias"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class Group(models.Model):
    """One group of a directory. `sensitive` with `why_sensitive` marks those whose members rule over others."""

    source = models.CharField(max_length=100)
    key = models.CharField(max_length=400)
    name = models.CharField(max_length=320, db_index=True)
    description = models.TextField(blank=True)
    mail = models.CharField(max_length=320, blank=True)
    dn = models.CharField(max_length=1000, blank=True)
    sid = models.CharField(max_length=200, blank=True)
    sensitive = models.BooleanField(default=False)
    why_sensitive = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "key"], name="one_row_per_group"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One direct member of a group: an account, or another group (nesting). Exactly one of the two is set."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="memberships")
    member_group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="member_of")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["group", "account"], name="one_membership_per_account"),
            models.UniqueConstraint(fields=["group", "member_group"], name="one_membership_per_group"),
        ]

    def __str__(self) -> str:
        return f"{self.account or self.member_group} in {self.group}"


class Awaited(models.Model):
    """A membership whose other end is not known yet: `group` waits for the member `named`, or `account` for the group `named`.

    `named` is a key or distinguished name of the same source, lower-case; the row goes once both ends are there.
    """

    source = models.CharField(max_length=100)
    named = models.CharField(max_length=400)
    group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="awaits")
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="awaits")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["source", "named"], name="awaited_by_name")]

    def __str__(self) -> str:
        return f"{self.group or self.account} awaits {self.named}"


class StoredFile(models.Model):
    """One file or folder that somebody owns; `owner` is an address or login name as the source gave it, lower-case."""

    source = models.CharField(max_length=100)
    key = models.CharField(max_length=400)
    provider = models.CharField(max_length=40)
    name = models.CharField(max_length=400)
    path = models.TextField()
    url = models.TextField(blank=True)
    owner = models.CharField(max_length=320, db_index=True)
    folder = models.BooleanField(default=False)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    label = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=320, blank=True)
    version = models.CharField(max_length=100, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ("path",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "key"], name="one_row_per_file"),
        ]

    def __str__(self) -> str:
        return self.path


class FileContent(models.Model):
    """That the content of a stored file was looked at, and what came of it: `verdict` is clean, malware, block, unread or late.

    `version`, `changed_at` and `size` are the file's when it was read; the file is read again when any of them differs. “late” is
    one that could not be read yet, tried again from `again_at` on; `words` say what was found, or why it was not read.
    """

    source = models.CharField(max_length=100)
    key = models.CharField(max_length=400)
    version = models.CharField(max_length=100, blank=True)
    changed_at = models.DateTimeField(null=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    verdict = models.CharField(max_length=10)
    found: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    words = models.TextField(blank=True)
    looked_at = models.DateTimeField()
    again_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "key"], name="one_content_per_file"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.key}: {self.verdict}"


class FileShare(models.Model):
    """One right on a file; `whom` is an address, a login or group name, “anyone” or “organisation”, lower-case."""

    file = models.ForeignKey(StoredFile, on_delete=models.CASCADE, related_name="shares")
    whom = models.CharField(max_length=320, db_index=True)
    right = models.CharField(max_length=20, default="read")
    link = models.BooleanField(default=False)
    group = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.whom} may {self.right}"


class PersonRisk(models.Model):
    """How risky a person is now, and what people said about it.

    `score` is the sum of points after decay as of `scored_at`; `percentile` 0 to 100 in the organisation. `level` is Graph's
    riskLevel (none, low, medium, high), `state` its riskState (none, atRisk, confirmedCompromised, remediated, dismissed).
    A confirmed person keeps `level` high until somebody dismisses it.
    """

    person = models.OneToOneField(DirectoryPerson, on_delete=models.CASCADE, related_name="risk")
    score = models.FloatField(default=0.0, db_index=True)
    percentile = models.FloatField(default=0.0)
    level = models.CharField(max_length=10, default="none")
    state = models.CharField(max_length=30, default="none")
    state_at = models.DateTimeField(null=True)
    state_by = models.CharField(max_length=200, blank=True)
    state_reason = models.TextField(blank=True)
    scored_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person}: {self.score:.0f} ({self.level})"


class RiskPoint(models.Model):
    """One thing that gave points: an alert or an activity, with the sentence, the factors and where the evidence is.

    `points` is its weight at `at`; it decays to nothing over seven days. `key` makes it happen once; `factors` lists
    [name, value, sentence]; `evidence` is an address of ours; `void` that somebody called it wrong.
    """

    person = models.ForeignKey(DirectoryPerson, on_delete=models.CASCADE, related_name="risk_points")
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=10)
    what = models.CharField(max_length=60)
    at = models.DateTimeField()
    points = models.FloatField()
    words = models.TextField()
    factors: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    evidence = models.CharField(max_length=600, blank=True)
    techniques: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    void = models.BooleanField(default=False)
    void_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person", "-at"]),
            models.Index(fields=["at"]),
        ]

    def __str__(self) -> str:
        return f"{self.points:.1f}: {self.words}"


class RiskDay(models.Model):
    """A person's highest score on one day, for the history chart."""

    person = models.ForeignKey(DirectoryPerson, on_delete=models.CASCADE, related_name="risk_days")
    day = models.DateField()
    score = models.FloatField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["person", "day"], name="one_score_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.day}: {self.score:.0f}"


class RiskProfile(models.Model):
    """What is usual for one person (or one peer group, or the organisation), as the scoring learned it.

    `scope` is person:<id>, department:<name>, title:<name>, group:<name> or organisation; `body` the counts by feature.
    """

    scope = models.CharField(max_length=300, unique=True)
    body: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    events = models.BigIntegerField(default=0)
    since = models.DateTimeField()
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.scope}: {self.events} events"


from watchfloor.identities.scoring.tables import RiskRise as RiskRise  # noqa: E402  what only the score keeps
from watchfloor.identities.scoring.tables import RiskSetting as RiskSetting  # noqa: E402
