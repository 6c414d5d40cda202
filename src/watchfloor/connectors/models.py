"""The intake and its dead letters, the connections, and how far each mailbox folder has been read."""

from typing import ClassVar

from django.db import models


class Accepted(models.Model):
    """One durable mail in the order of acceptance; the raw bytes lie in the raw store under `sha256`.

    `envelope` has the keys mail_from, recipients, client_ip, helo and queue_id.
    """

    position = models.BigAutoField(primary_key=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    source = models.CharField(max_length=200)
    received_at = models.DateTimeField()
    envelope = models.JSONField(default=dict)
    folder = models.CharField(max_length=100, blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.position} from {self.source}"


class DeadLetter(models.Model):
    """Something that could not be read: an accepted mail (`accepted`), or a thing that never got so far (`place`)."""

    accepted = models.ForeignKey(Accepted, null=True, on_delete=models.SET_NULL, related_name="dead_letters")
    sha256 = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=200)
    place = models.CharField(max_length=1000, blank=True)
    reason = models.TextField()
    at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=1)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-at", "-id")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["resolved_at", "-at"])]

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


class Connection(models.Model):
    """One connected system; `settings` maps a setting's name to its text, secrets sealed.

    `revision` grows with each change, so that a running connection notices.
    """

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=50)
    settings = models.JSONField(default=dict)
    enabled = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class FolderCursor(models.Model):
    """How far one folder of one mailbox has been read; moves in the transaction that accepts what was read."""

    connection = models.CharField(max_length=100)
    mailbox = models.CharField(max_length=320)
    path = models.CharField(max_length=500)
    uidvalidity = models.BigIntegerField()
    last_uid = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["connection", "mailbox", "path"], name="one_cursor_per_folder"),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox} {self.path}: {self.last_uid}"


class Observed(models.Model):
    """One durable batch of what a connection saw, in the order of acceptance; `payload` is its items as deflated JSON.

    Rows go when every registered reader has passed them.
    """

    position = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=20, db_index=True)
    source = models.CharField(max_length=200)
    table = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()
    count = models.PositiveIntegerField()
    payload = models.BinaryField()

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.count} {self.kind} from {self.source}"


class SourceState(models.Model):
    """How far one part of a connection has been read, as the connector writes it; moves in the transaction of what was read."""

    connection = models.CharField(max_length=100)
    part = models.CharField(max_length=200)
    state = models.JSONField(default=dict)
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["connection", "part"], name="one_state_per_source_part"),
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.part}"


class ScimResource(models.Model):
    """One user or group that a peer provisions by SCIM, as it was sent: what the peer asks for is answered from here.

    `kind` is Users or Groups, `key` its SCIM id; `name` the user name or the group's name in lower case, `mails` the addresses
    in lower case, each between two line ends, both to be searched by.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="scim_resources")
    kind = models.CharField(max_length=10)
    key = models.CharField(max_length=40, unique=True)
    external_id = models.CharField(max_length=300, blank=True, db_index=True)
    name = models.CharField(max_length=400, blank=True, db_index=True)
    mails = models.TextField(blank=True)
    document = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["connection", "name"], condition=models.Q(kind="Users"), name="one_user_per_name"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["connection", "kind", "id"])]

    def __str__(self) -> str:
        return f"{self.name or self.key} ({self.kind})"

    @property
    def etag(self) -> str:
        return f'W/"{self.version}"'


class Outgoing(models.Model):
    """One mail that we send, composed once: `raw` is what a server gets each time, under the same Message-ID.

    `to` is everybody; `waiting` who no server has answered for yet, `accepted` who it was taken for, `refused` the others with
    the server's words. `cut_off` counts attempts of which nobody knows the end; `queued_at` is when its patience began.
    """

    dedup_key = models.CharField(max_length=200, unique=True)
    message_id = models.CharField(max_length=350, unique=True)
    connection = models.CharField(max_length=100)
    mail_from = models.CharField(max_length=320)
    subject = models.CharField(max_length=500)
    to = models.JSONField(default=list)
    waiting = models.JSONField(default=list)
    accepted = models.JSONField(default=list)
    refused = models.JSONField(default=dict)
    raw = models.BinaryField(null=True)
    size = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10)
    attempts = models.PositiveIntegerField(default=0)
    cut_off = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    created_at = models.DateTimeField()
    queued_at = models.DateTimeField()
    next_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["connection", "state", "next_at"])]

    def __str__(self) -> str:
        return f"{self.subject} to {len(self.to)}"


class Delivery(models.Model):
    """One JSON document for a webhook, composed once: `body` is what the receiver gets each time, under the same `delivery_id`.

    `dedup_key` makes one event one delivery per connection; `status` is what HTTP answered last, 0 when nobody did.
    """

    connection = models.CharField(max_length=100)
    dedup_key = models.CharField(max_length=200)
    delivery_id = models.CharField(max_length=36, unique=True)
    event = models.CharField(max_length=40)
    subject = models.CharField(max_length=300)
    body = models.BinaryField(null=True)
    size = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10)
    attempts = models.PositiveIntegerField(default=0)
    status = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField()
    queued_at = models.DateTimeField()
    next_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["connection", "dedup_key"], name="one_delivery_per_event"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["connection", "state", "next_at"], name="delivery_due"),
            models.Index(fields=["state", "queued_at"], name="delivery_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.connection}: {self.subject}"
