"""What was said of each investigation to whom, the settings of it, and who may not send."""

from typing import Any, ClassVar

from django.db import models


class Aftercare(models.Model):
    """What was done about one investigation beside itself. `told` is the run and status the lake knows; `answer` what reporters were told."""

    investigation = models.OneToOneField(
        "investigations.Investigation", on_delete=models.CASCADE, related_name="aftercare"
    )
    told = models.CharField(max_length=40, blank=True)
    told_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"aftercare of investigation {self.investigation_id}"


class AftercarePolicy(models.Model):
    """One row. Hours count from when an investigation began to wait; `remind` and `escalate` are addresses.

    `keep_days` 0 keeps investigations for good.
    """

    answer_threats = models.BooleanField(default=True)
    answer_spam = models.BooleanField(default=True)
    answer_clean = models.BooleanField(default=False)
    remind_hours = models.PositiveIntegerField(default=24)
    remind: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    escalate_hours = models.PositiveIntegerField(default=72)
    escalate: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    keep_days = models.PositiveIntegerField(default=400)
    restrict = models.BooleanField(default=False)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return "what follows investigations"


class Restriction(models.Model):
    """One of our own addresses that may not send, until somebody releases it. `refused` counts mails turned away at the border."""

    address = models.CharField(max_length=320, db_index=True)
    since = models.DateTimeField()
    by = models.CharField(max_length=200)
    why = models.TextField(blank=True)
    alert_id = models.CharField(max_length=40, blank=True)
    refused = models.PositiveIntegerField(default=0)
    refused_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=200, blank=True)
    release_reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-since", "-id")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["address"], condition=models.Q(released_at=None), name="restricted_once_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.address} may not send"
