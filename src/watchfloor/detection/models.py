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
    """What is set here of one rule, shipped, made by people or another slice's (AP-03); a rule without a row is on, as shipped.

    `severity` is empty for the rule's own; `daily_cap` bounds the mails of 24 hours; `webhooks` names connections.
    """

    rule_id = models.CharField(max_length=100, primary_key=True)
    enabled = models.BooleanField(default=True)
    severity = models.CharField(max_length=13, blank=True, default="")
    recipients = models.JSONField(default=list)
    daily_cap = models.IntegerField(default=10)
    webhooks = models.JSONField(default=list)
    changed_by = models.CharField(max_length=200)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.rule_id}: {'on' if self.enabled else 'off'}"


class Policy(models.Model):
    """An alert policy that people made. `document` says table, conditions (as in an address), trigger, aggregation."""

    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    severity = models.CharField(max_length=13)
    policy_category = models.CharField(max_length=40)
    document = models.JSONField()
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    changed_by = models.CharField(max_length=200)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ("title", "id")

    def __str__(self) -> str:
        return self.title

    @property
    def rule_id(self) -> str:
        return f"policy-{self.pk}"


class VolumeLook(models.Model):
    """Up to when the volume of a rule was looked at; its windows are held against their baseline once each."""

    rule_id = models.CharField(max_length=100, primary_key=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.rule_id} until {self.until:%Y-%m-%d %H:%M}"


class DelayedMail(models.Model):
    """Mails of one connection that came in during an hour of the clock and had waited long; `longest` in seconds."""

    hour = models.DateTimeField()
    connection = models.CharField(max_length=200, blank=True)
    mails = models.IntegerField(default=0)
    longest = models.FloatField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["hour", "connection"], name="delayed_mail_once")
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.hour:%Y-%m-%d %H:%M}: {self.mails}"
