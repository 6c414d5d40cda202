"""The hot tier, its readers, the email register, and how long each table is kept."""

from typing import ClassVar

from django.db import models


class HotBatch(models.Model):
    """One durable append: Arrow IPC bytes. `id` is the cursor; `token` tells two batches of one id apart after a restore."""

    table = models.CharField(max_length=60)
    rows = models.IntegerField()
    lo = models.DateTimeField()
    hi = models.DateTimeField()
    data = models.BinaryField()
    token = models.CharField(max_length=16)
    written_at = models.DateTimeField()
    flushed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["table", "id"], name="hot_by_table"),
            models.Index(fields=["flushed_at"], name="hot_by_flush"),
        ]

    def __str__(self) -> str:
        return f"{self.rows} rows of {self.table}"


class Reader(models.Model):
    """Somebody who reads the hot tier by the runtime cursor `name`; `tables` empty means all of them."""

    name = models.CharField(max_length=100, primary_key=True)
    tables = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.name


class Email(models.Model):
    """The register: one line per email, however many doors and mailboxes it came through."""

    network_message_id = models.CharField(max_length=36, primary_key=True)
    fingerprint = models.CharField(max_length=128, unique=True)
    internet_message_id = models.CharField(max_length=998, blank=True, db_index=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    received_at = models.DateTimeField()
    last_at = models.DateTimeField()
    summary = models.BinaryField()

    def __str__(self) -> str:
        return self.network_message_id


class EmailRecipient(models.Model):
    """One recipient of an email: exactly one row in EmailEvents. `location` is the first delivery location."""

    email = models.ForeignKey(Email, on_delete=models.CASCADE, related_name="recipients")
    address = models.CharField(max_length=400)
    location = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["email", "address"], name="one_row_per_recipient"),
        ]

    def __str__(self) -> str:
        return self.address


class LateVerdict(models.Model):
    """A verdict that came after the mail was stored; the id is the cursor of whoever acts on it."""

    at = models.DateTimeField()
    network_message_id = models.CharField(max_length=36, db_index=True)
    threat_types = models.JSONField(default=list)
    confidence = models.CharField(max_length=10, blank=True)
    source = models.CharField(max_length=20)
    words = models.TextField()

    def __str__(self) -> str:
        return self.words


class RetentionSetting(models.Model):
    """How many days a table is kept, where it differs from the table's own default."""

    table = models.CharField(max_length=60, primary_key=True)
    days = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.table}: {self.days} days"
