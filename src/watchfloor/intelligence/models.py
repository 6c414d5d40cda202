"""Entries, silenced reasons, labels, the verdict policy, running back-tests."""

from typing import ClassVar

from django.db import models


class Entry(models.Model):
    """One allow or block entry or indicator. `idle_days` above 0 moves the end along with each use."""

    kind = models.CharField(max_length=10)
    value = models.CharField(max_length=400)
    effect = models.CharField(max_length=10)
    note = models.TextField(blank=True)
    source = models.CharField(max_length=200, blank=True)
    confidence = models.CharField(max_length=10, blank=True)
    email = models.CharField(max_length=36, blank=True)
    added_by = models.CharField(max_length=200)
    added_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    idle_days = models.IntegerField(default=0)
    last_used_at = models.DateTimeField(null=True)
    uses = models.BigIntegerField(default=0)
    looked_back_at = models.DateTimeField(null=True)
    review_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "value", "effect"], name="one_entry_of_a_kind"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["expires_at"], name="entry_by_end")]

    def __str__(self) -> str:
        return f"{self.effect} {self.kind}:{self.value}"


class EntryDay(models.Model):
    """How many mails met an entry on one day, by the entry's name, so that its line outlives it being added anew."""

    name = models.CharField(max_length=450)
    day = models.DateField(db_index=True)
    mails = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["name", "day"], name="one_count_of_an_entry_and_day")
        ]

    def __str__(self) -> str:
        return f"{self.name} on {self.day}: {self.mails}"


class News(models.Model):
    """What happened to an entry, until it was told (`EntryNews`)."""

    key = models.CharField(max_length=600, unique=True)
    kind = models.CharField(max_length=20)
    entry = models.CharField(max_length=450)
    at = models.DateTimeField(db_index=True)
    words = models.TextField()
    mail = models.CharField(max_length=36, blank=True)
    told_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return self.words


class Silenced(models.Model):
    """A signal that counts nothing in this organisation."""

    signal = models.CharField(max_length=60, unique=True)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.signal


class Policy(models.Model):
    """The one row of what applies now. `revision` is another with every change of any fact; `threshold` 0 is the shipped one."""

    revision = models.CharField(max_length=36, blank=True)
    threshold = models.FloatField(default=0)
    changed_by = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"revision {self.revision}"


class Label(models.Model):
    """What a person said about one email's verdict; the newest of an email counts, older ones stay."""

    network_message_id = models.CharField(max_length=36, db_index=True)
    kind = models.CharField(max_length=20)
    by = models.CharField(max_length=200)
    by_id = models.CharField(max_length=200)
    at = models.DateTimeField()
    note = models.TextField(blank=True)
    subject = models.CharField(max_length=1000, blank=True)
    sender = models.CharField(max_length=400, blank=True)
    said = models.CharField(max_length=100, blank=True)
    score = models.FloatField(default=0)
    received_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["received_at"], name="label_by_mail_time")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.network_message_id}"


class BackTestRun(models.Model):
    """A back-test too long to wait for: `done` of `days` are read, `found` holds the counts so far."""

    id = models.CharField(max_length=36, primary_key=True)
    by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    threshold = models.FloatField()
    silenced = models.JSONField(default=list)
    days = models.IntegerField()
    done = models.IntegerField(default=0)
    ended = models.BooleanField(default=False)
    found = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.id
