"""What is quarantined: one row per mail, one per recipient's copy, one per hand-over of a release; and the border policy."""

from typing import Any, ClassVar

from django.db import models

from watchfloor.response.quarantine.contracts import CopyStatus, HeldBy


class QuarantinedMail(models.Model):
    """One mail that we hold, or held, for some recipients.

    `position` is that of the accepted mail where the border kept it; `remediation` the action that took it out of mailboxes.
    `sha256` finds the raw bytes; they may differ per copy (see there). `status` and `recipients` follow the copies. `threat` is
    the BorderThreat whose rule counts, empty in older rows (then the reason says it).
    """

    sha256 = models.CharField(max_length=64, db_index=True)
    fingerprint = models.CharField(max_length=128, blank=True, db_index=True)
    network_message_id = models.CharField(max_length=36, blank=True, db_index=True)
    internet_message_id = models.CharField(max_length=998, blank=True)
    position = models.BigIntegerField(null=True, unique=True)
    remediation = models.ForeignKey(
        "response.Remediation", null=True, on_delete=models.PROTECT, related_name="quarantined"
    )
    source = models.CharField(max_length=200, blank=True)
    held_by = models.CharField(max_length=10, default=HeldBy.BORDER.value)

    received_at = models.DateTimeField()
    held_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    mail_from = models.CharField(max_length=320, blank=True)
    sender = models.CharField(max_length=320, blank=True)
    sender_name = models.CharField(max_length=400, blank=True)
    subject = models.TextField(blank=True)
    size = models.PositiveBigIntegerField(default=0)
    direction = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=40)
    policy_type = models.CharField(max_length=30)
    policy_name = models.CharField(max_length=200, blank=True)
    threats = models.CharField(max_length=200, blank=True)
    threat = models.CharField(max_length=40, blank=True)
    override = models.CharField(max_length=200, blank=True)
    words = models.TextField(blank=True)

    status = models.CharField(max_length=20, default=CopyStatus.NEEDS_REVIEW.value)
    recipients = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-received_at", "-id")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["remediation", "network_message_id"], name="one_quarantined_mail_per_action"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-received_at", "-id"], name="quarantined_by_time"),
            models.Index(fields=["status", "-received_at"], name="quarantined_by_status"),
            models.Index(fields=["expires_at"], name="quarantined_by_expiry"),
        ]

    def __str__(self) -> str:
        return self.subject or self.internet_message_id or self.sha256[:16]


class QuarantinedCopy(models.Model):
    """One recipient's copy. `places` is where it lay before an action took it (as LedgerLine.before, each with its `kept` hash),
    empty where the border kept it; `line` is that action's ledger line. `release` is the remediation that is to give it back, or did.
    """

    mail = models.ForeignKey(QuarantinedMail, on_delete=models.CASCADE, related_name="copies")
    recipient = models.CharField(max_length=400)
    status = models.CharField(max_length=20, default=CopyStatus.NEEDS_REVIEW.value)
    sha256 = models.CharField(max_length=64)
    held_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    places: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    line = models.OneToOneField("response.LedgerLine", null=True, on_delete=models.PROTECT, related_name="quarantined")
    release = models.ForeignKey("response.Remediation", null=True, on_delete=models.PROTECT, related_name="releases")

    requested_at = models.DateTimeField(null=True)
    requested_why = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_by_name = models.CharField(max_length=200, blank=True)
    decision_reason = models.TextField(blank=True)
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=200, blank=True)
    released_to: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)
    notified_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["mail", "recipient"], name="one_quarantined_copy_per_recipient"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["recipient", "-held_at"], name="copy_by_recipient"),
            models.Index(fields=["status", "expires_at"], name="copy_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.mail} for {self.recipient}: {self.status}"


class ReleaseOrder(models.Model):
    """What one release remediation is to do beside giving the copies back: see contracts.ReleaseOptions."""

    remediation = models.OneToOneField(
        "response.Remediation", on_delete=models.PROTECT, primary_key=True, related_name="release_order"
    )
    copy_to: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    only_copy = models.BooleanField(default=False)
    false_positive = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"release {self.remediation_id}"


class ReleaseHandover(models.Model):
    """One mail for one address under one release, committed before a server hears of it.

    `state` is intended, accepted, refused, deferred or unsure; `intended` that outlives its process means that nobody knows.
    """

    remediation = models.ForeignKey("response.Remediation", on_delete=models.PROTECT, related_name="handovers")
    copy = models.ForeignKey(QuarantinedCopy, on_delete=models.PROTECT, related_name="handovers")
    address = models.CharField(max_length=320)
    state = models.CharField(max_length=10)
    words = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()
    verified = models.BooleanField(default=False)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["remediation", "copy", "address"], name="one_handover_per_address"),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.state}"


class QuarantinePolicy(models.Model):
    """The border policy; one row. `rules` maps a threat to [disposition, permission bits, days, whether recipients are told].

    `file_types` are the blocked extensions; null in a row from before they were, which means the usual ones.
    """

    rules: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    exempt: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    file_types: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return "border policy"
