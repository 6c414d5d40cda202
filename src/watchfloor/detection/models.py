"""Findings as they were made, and which rules are off."""

from typing import ClassVar

from django.db import models

QUEUE = "detection.findings"
"""What its writers wait for one another by."""


class FindingRecord(models.Model):
    """One finding; its number is the position readers remember. `body` holds the contract's other fields as JSON."""

    key = models.CharField(max_length=64, unique=True)
    rule_id = models.CharField(max_length=100)
    made_at = models.DateTimeField()
    first_activity = models.DateTimeField()
    last_activity = models.DateTimeField()
    body = models.JSONField()

    class Meta:
        ordering = ("id",)
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["rule_id", "made_at"])]

    def __str__(self) -> str:
        return f"{self.rule_id} at {self.last_activity:%Y-%m-%d %H:%M}"


class RuleSwitch(models.Model):
    """Whether somebody turned a rule off (AP-03); a rule without a row is on."""

    rule_id = models.CharField(max_length=100, primary_key=True)
    enabled = models.BooleanField(default=True)
    changed_by = models.CharField(max_length=200)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.rule_id}: {'on' if self.enabled else 'off'}"
