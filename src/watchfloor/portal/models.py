"""What reports keep: the delays of mail per hour, and the schedules by which reports are sent."""

from typing import ClassVar

from django.conf import settings
from django.db import models

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class DelayHour(models.Model):
    """How long the mail of one connection took in one hour (UTC): `counts` maps a step of `delays.steps` to mails.

    `late` mails were already older than a day when they were first read, as those of an import: they are only counted.
    """

    hour = models.DateTimeField()
    source = models.CharField(max_length=200)
    counts = models.JSONField(default=dict)
    mails = models.PositiveIntegerField(default=0)
    late = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["hour", "source"], name="one_delay_row_per_hour_and_source"),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H} {self.source}: {self.mails}"


class Schedule(models.Model):
    """A report that is sent by mail. `parameters` is the report's address without its days; `period` daily, weekly, monthly or once.

    `next_at` None: never again. `weekday` counts from Monday (0), `day` from 1; `hour` is in the organisation's time zone.
    """

    name = models.CharField(max_length=100)
    report = models.CharField(max_length=40)
    parameters = models.TextField(blank=True)
    period = models.CharField(max_length=10)
    weekday = models.PositiveSmallIntegerField(default=0)
    day = models.PositiveSmallIntegerField(default=1)
    hour = models.PositiveSmallIntegerField(default=7)
    recipients = models.JSONField(default=list)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="report_schedules")
    enabled = models.BooleanField(default=True)
    next_at = models.DateTimeField(null=True, db_index=True)
    last_at = models.DateTimeField(null=True)
    last_key = models.CharField(max_length=200, blank=True)
    trouble = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return f"{self.name}, {self.period}"

    @property
    def when(self) -> str:
        """When it is sent, in words."""
        at = f"at {self.hour:02}:00"
        if self.period == "weekly":
            return f"Every {WEEKDAYS[self.weekday]} {at}"
        if self.period == "monthly":
            return f"On day {self.day} of every month {at}"
        return f"Every day {at}" if self.period == "daily" else "Once"
