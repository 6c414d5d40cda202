"""Remediations and their ledger: one line per message and mailbox, kept for good."""

from collections.abc import Collection
from functools import cache
from typing import Any, ClassVar

from django.db import models
from django.db.models.base import ModelState

from watchfloor.response.clicks.models import ClickPolicy as ClickPolicy
from watchfloor.response.clicks.models import KnownBad as KnownBad
from watchfloor.response.contracts import (
    RUNNING,
    ActionSource,
    Counts,
    LineStatus,
    People,
    RemediationStatus,
    Row,
    TargetKind,
    Targets,
)
from watchfloor.response.quarantine.models import QuarantinedMail as QuarantinedMail  # models of a sub-package
from watchfloor.response.quarantine.page_models import QuarantineText as QuarantineText
from watchfloor.response.submissions.models import UserReport as UserReport


class Remediation(models.Model):
    """One decision to do one thing to many messages (EA-64).

    The counters follow the ledger, moved in the same transaction, so that progress is read without counting lines.
    `run` numbers the durable jobs of this remediation: a retry is the next run. `second_person` says the policy asks for two.
    `plan` is shared by the remediations of one run of the wizard; `also`, `sender_copy` are `contracts.Targets`', `judgement`, `note`,
    `entries` (with what became of each) and `late_days` `contracts.Beside`'s. `asked_at` is when a proposal was last brought to mind, `asks` how often.
    `additions` are what was added to it while it waited: by, name, at, messages.
    `people` is what an action on accounts aims at (`contracts.People`). `event_type` is EmailPostDeliveryEvents.ActionType of what it does, where its source does not tell ("Phish ZAP").
    """

    id = models.UUIDField(primary_key=True)
    approval_id = models.CharField(max_length=20, db_index=True)
    name = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    action = models.CharField(max_length=50)
    source = models.CharField(max_length=40, default=ActionSource.EXPLORER.value)
    status = models.CharField(max_length=20, default=RemediationStatus.STARTED.value)
    why = models.TextField(blank=True)

    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    created_by_name = models.CharField(max_length=200)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_by_name = models.CharField(max_length=200, blank=True)
    decision_reason = models.TextField(blank=True)
    second_person = models.BooleanField(default=False)

    target_kind = models.CharField(max_length=10, default=TargetKind.MAIL.value)
    people: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    rows = models.JSONField(default=list)
    query = models.TextField(blank=True)
    sentence = models.TextField(blank=True)
    excepted = models.JSONField(default=list)
    expected = models.PositiveBigIntegerField(default=0)
    undo_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="undos")
    alert_id = models.CharField(max_length=100, blank=True)
    incident_id = models.CharField(max_length=100, blank=True)
    event_type = models.CharField(max_length=30, blank=True)

    plan = models.UUIDField(null=True, db_index=True)
    also: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    sender_copy = models.BooleanField(default=False)
    judgement = models.CharField(max_length=20, blank=True)
    note = models.TextField(blank=True)
    entries: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    late_days = models.PositiveIntegerField(default=0)
    additions: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    asked_at = models.DateTimeField(null=True)
    asks = models.PositiveIntegerField(default=0)

    run = models.PositiveIntegerField(default=1)
    frozen_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    total = models.PositiveBigIntegerField(default=0)
    moved = models.PositiveBigIntegerField(default=0)
    deleted = models.PositiveBigIntegerField(default=0)
    changed = models.PositiveBigIntegerField(default=0)
    already = models.PositiveBigIntegerField(default=0)
    missing = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    skipped = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ("-created_at",)
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["status", "created_at"])]

    def __str__(self) -> str:
        return f"{self.name} ({self.status})"

    @property
    def href(self) -> str:
        return f"/action-center/{self.id}"

    @property
    def running(self) -> bool:
        return self.status in RUNNING

    @property
    def targets(self) -> Targets:
        rows, excepted, also = (tuple(map(Row.parse, texts)) for texts in (self.rows, self.excepted, self.also))
        return Targets(rows, self.query, excepted, also, self.sender_copy)

    @property
    def proposers(self) -> frozenset[str]:
        """Ids of all who asked for it, or for a part of it."""
        return frozenset({self.created_by, *(one["by"] for one in self.additions)})

    @property
    def on_accounts(self) -> bool:
        return self.target_kind == TargetKind.ACCOUNTS

    @property
    def noun(self) -> str:
        return "people" if self.on_accounts else "messages"

    @property
    def aimed_at(self) -> People:
        return People(**{name: tuple(values) for name, values in self.people.items()})

    @property
    def ledger(self) -> "models.QuerySet[Any]":
        """Its lines, of whichever kind."""
        return self.account_lines.all() if self.on_accounts else self.lines.all()

    @property
    def counts(self) -> Counts:
        kept = {status.value: getattr(self, status.value) for status in LineStatus if status != LineStatus.PENDING}
        return Counts(total=self.total, pending=self.total - sum(kept.values()), **kept)


class Copies(models.JSONField):
    """A list that is empty in most rows, which then cost no parsing; to migrations it is Django's own field."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return [] if value == "[]" else super().from_db_value(value, expression, connection)

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs


class LedgerLine(models.Model):
    """One message in one mailbox under one remediation.

    `before` lists every copy as it lay when we first looked (path, uid, flags, internal date): written before the mailbox is
    changed, it is both the intent log of a crash and what an undo restores from. `origin` is what a restore puts back.
    `because` says why a message is here that nobody chose by name; `opened` whether a copy had been read when we first looked, None when nobody knows.
    """

    remediation = models.ForeignKey(Remediation, on_delete=models.PROTECT, related_name="lines")
    network_message_id = models.CharField(max_length=100)
    recipient = models.CharField(max_length=320)
    message_id = models.TextField(blank=True)
    subject = models.TextField(blank=True)
    sender = models.CharField(max_length=320, blank=True)
    location = models.CharField(max_length=60, blank=True)
    threats = models.CharField(max_length=200, blank=True)
    methods = models.TextField(blank=True)
    status = models.CharField(max_length=10, default=LineStatus.PENDING.value)
    found_where = models.TextField(blank=True)
    moved_where = models.TextField(blank=True)
    before: "models.JSONField[Any, Any]" = Copies(default=list)
    origin: "models.JSONField[Any, Any]" = Copies(default=list)
    verified = models.BooleanField(default=False)
    why = models.TextField(blank=True)
    because = models.TextField(blank=True)
    opened = models.BooleanField(null=True)
    at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["remediation", "network_message_id", "recipient"], name="one_line_per_message_and_mailbox"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["remediation", "status", "id"]),
            models.Index(fields=["remediation", "status", "recipient", "id"], name="ledger_line_by_mailbox"),
            models.Index(fields=["network_message_id", "recipient"]),
        ]

    def __str__(self) -> str:
        return f"{self.network_message_id} in {self.recipient}: {self.status}"

    # A remediation makes and reads lines by the hundred thousand, and Django's own constructor costs more than all that is done with one.

    @classmethod
    def fresh(cls, **values: Any) -> "LedgerLine":
        """A line not stored yet, of columns' values (`remediation_id`, not `remediation`); the others have their defaults."""
        return cls._of({**_blank_line(), "before": [], "origin": [], **values})

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **more: Any
    ) -> "LedgerLine":
        """As Django's, without its signals when every column was read."""
        if len(values) != len(cls._meta.concrete_fields):
            return super().from_db(db, field_names, values, **more)
        line = cls._of(dict(zip(field_names, values, strict=True)))
        line._state.adding, line._state.db = False, db
        return line

    @classmethod
    def _of(cls, values: dict[str, Any]) -> "LedgerLine":
        line = cls.__new__(cls)
        line._state = ModelState()
        line.__dict__.update(values)
        return line

    @property
    def row(self) -> Row:
        return Row(self.network_message_id, self.recipient)

    @property
    def result(self) -> str:
        return self.why if self.why else LineStatus(self.status).sentence


@cache
def _blank_line() -> dict[str, Any]:
    return {field.attname: field.get_default() for field in LedgerLine._meta.concrete_fields}


class AccountLine(models.Model):
    """One thing done to one account under one remediation.

    `owner` groups the lines of one person (`person:<pk>`) or of a name nobody is known by; lines of one owner run by `phase`.
    `system` is the connection that acts, "" our own risk level. `noted` is what the source said right before we acted, committed
    ahead of the change (null until then): the intent log of a crash. `before` is what an undo restores from, and in an undo's
    own lines what is restored. `secret` is a sealed temporary password, gone once it was shown.
    """

    remediation = models.ForeignKey(Remediation, on_delete=models.PROTECT, related_name="account_lines")
    owner = models.CharField(max_length=400)
    owner_name = models.CharField(max_length=320, blank=True)
    system = models.CharField(max_length=100, blank=True)
    account: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    name = models.CharField(max_length=400, blank=True)
    verb = models.CharField(max_length=30)
    undoing = models.BooleanField(default=False)
    phase = models.SmallIntegerField(default=0)
    status = models.CharField(max_length=10, default=LineStatus.PENDING.value)
    noted: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    before: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    words: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    warnings: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    verified = models.BooleanField(default=False)
    why = models.TextField(blank=True)
    secret = models.TextField(blank=True)
    secret_until = models.DateTimeField(null=True)
    at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["remediation", "owner", "system", "name", "verb"], name="one_line_per_account_and_verb"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["remediation", "status", "id"], name="account_line_by_status"),
            models.Index(fields=["owner", "id"], name="account_line_by_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.name} at {self.system or 'Watchfloor'}: {self.status}"


class ResponsePolicy(models.Model):
    """How careful the organisation is; one row. 0 means nobody needs a second person, for messages or for people.

    `second_person_by_action` maps an action's key to its own number, where it differs. A proposal nobody decided is brought to
    mind again every `asks_again_days` (0: never); it is never dropped.
    """

    second_person_over = models.PositiveIntegerField(default=1000)
    second_person_over_people = models.PositiveIntegerField(default=20)
    second_person_by_action: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    reason_required = models.BooleanField(default=False)
    asks_again_days = models.PositiveIntegerField(default=7)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"a second person approves actions on more than {self.second_person_over} messages"


class LateWatch(models.Model):
    """New copies of what a remediation aimed at are caught until `until`, or until somebody stops it.

    `query` are Explorer's parameters of what is caught, `sentence` the same in words; `caught` counts lines added.
    """

    remediation = models.OneToOneField(Remediation, on_delete=models.PROTECT, related_name="watch")
    query = models.TextField()
    sentence = models.TextField(blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(db_index=True)
    caught = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"late copies of “{self.remediation.name}”"


class ZeroHourPolicy(models.Model):
    """What a verdict that comes late does to mail; one row. `rules` maps a threat to [off, propose or act, the action's key]."""

    rules: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    untouched: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return "zero-hour purge"


class ZeroHourDecision(models.Model):
    """What became of one late verdict while the policy was on for its threat: one row, for good, so that nothing is done twice.

    `verdict` is the verdict's position; `aimed` counts mailboxes; `left` lists [recipient, why] of those left alone.
    """

    verdict = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    network_message_id = models.CharField(max_length=100, db_index=True)
    threat = models.CharField(max_length=30)
    words = models.TextField(blank=True)
    aimed = models.PositiveIntegerField(default=0)
    left: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    remediation = models.ForeignKey(Remediation, null=True, on_delete=models.PROTECT, related_name="zero_hour")

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.threat} on {self.network_message_id}"
