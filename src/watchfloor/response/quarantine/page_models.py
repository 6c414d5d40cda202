"""What the pages of quarantine keep: the searched text of each mail, bulk jobs, senders of one mailbox, the digest's settings."""

import uuid
from typing import Any, ClassVar

from django.db import models

from watchfloor.response.quarantine.models import QuarantinedMail


class QuarantineText(models.Model):
    """What a quarantined mail is found by: its parts in one folded text, each behind its mark (see `searching.MARKS`).

    The database indexes every three characters of it (migration 0006), so the index changes with the row. `whole` says that
    the content stands in it too, not the headers alone.
    """

    mail = models.OneToOneField(QuarantinedMail, on_delete=models.CASCADE, primary_key=True, related_name="search")
    text = models.TextField()
    whole = models.BooleanField(default=False, db_index=True)

    def __str__(self) -> str:
        return f"text of {self.mail_id}"


class BulkState(models.TextChoices):
    """How far a bulk job is."""

    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class QuarantineBulk(models.Model):
    """One verb on many mails. `mails` are those chosen when it was asked for; `done` of them are behind it, the others follow.

    `options` are the verb's own. `file` is the name of a finished download below the home, `secret` its sealed password.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    verb = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    options: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    sentence = models.TextField(blank=True)
    mails: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    words: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=BulkState, default=BulkState.WAITING.value)
    href = models.CharField(max_length=200, blank=True)
    file = models.CharField(max_length=100, blank=True)
    secret = models.TextField(blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    created_by_name = models.CharField(max_length=200)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.verb} {self.total} mails"


class MailboxSender(models.Model):
    """A sender (an address, in lower case) that one recipient wants never, or always, to reach the own mailbox (QU-16)."""

    recipient = models.CharField(max_length=400)
    sender = models.CharField(max_length=320)
    blocked = models.BooleanField()
    at = models.DateTimeField()
    by = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["recipient", "sender"], name="one_wish_per_mailbox_and_sender"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["sender"], name="wish_by_sender")]

    def __str__(self) -> str:
        return f"{self.recipient} {'blocks' if self.blocked else 'allows'} {self.sender}"


class DigestSettings(models.Model):
    """How recipients are told of what is held for them; one row. `links` numbers the keys of the links: the next one ends all older.

    `logo` is a PNG of ours (see `logo.prepared`), null for none.
    """

    every = models.CharField(max_length=10, default="daily")
    language = models.CharField(max_length=5, default="en")
    introduction = models.TextField(blank=True)
    with_blocked = models.BooleanField(default=False)
    link_days = models.PositiveSmallIntegerField(default=14)
    links = models.PositiveIntegerField(default=1)
    logo = models.BinaryField(null=True)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"digest {self.every}"
