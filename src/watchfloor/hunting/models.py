"""Queries that people keep, and what they ran."""

from typing import ClassVar

from django.db import models


class SavedQuery(models.Model):
    """One kept query. `owner_id` is an actor's id; a `shared` one is read by everybody who may hunt, changed by those who may save.

    `entities` is a list of {type, fields: [{identifier, column}]}, as Sentinel's rules map them; `source` says where it came from.
    """

    name = models.CharField(max_length=200)
    folder = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    text = models.TextField()
    shared = models.BooleanField(default=False)
    owner_id = models.CharField(max_length=200)
    owner_name = models.CharField(max_length=200)
    severity = models.CharField(max_length=20, blank=True)
    tactics = models.JSONField(default=list)
    techniques = models.JSONField(default=list)
    entities = models.JSONField(default=list)
    source = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("folder", "name")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["shared", "owner_id"])]

    def __str__(self) -> str:
        return self.name


class QueryRun(models.Model):
    """One run of a query by one person: what it cost, or why it was refused."""

    person_id = models.CharField(max_length=200)
    person_name = models.CharField(max_length=200)
    at = models.DateTimeField()
    text = models.TextField()
    span = models.CharField(max_length=80, blank=True)
    seconds = models.FloatField(default=0.0)
    rows = models.BigIntegerField(default=0)
    truncated = models.BooleanField(default=False)
    rows_read = models.BigIntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["person_id", "-id"])]

    def __str__(self) -> str:
        return f"{self.person_name} at {self.at:%Y-%m-%d %H:%M}"


class CustomDetection(models.Model):
    """A query on a schedule. `entities` is a list of [column, evidence type, role]; the `last_` fields tell the newest run.

    `last_state` is "" before the first run, then ok or failing; `next_at` is when it is due, also the claim of a worker.
    """

    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    text = models.TextField()
    severity = models.CharField(max_length=20)
    category = models.CharField(max_length=60, blank=True)
    techniques = models.JSONField(default=list)
    entities = models.JSONField(default=list)
    every_minutes = models.PositiveIntegerField()
    look_back_minutes = models.PositiveIntegerField()
    enabled = models.BooleanField(default=True)
    owner_name = models.CharField(max_length=200)
    changed_at = models.DateTimeField()
    next_at = models.DateTimeField(db_index=True)
    last_at = models.DateTimeField(null=True)
    last_state = models.CharField(max_length=10, blank=True)
    last_words = models.TextField(blank=True)
    last_rows = models.BigIntegerField(default=0)
    last_new = models.BigIntegerField(default=0)
    last_seconds = models.FloatField(default=0.0)

    class Meta:
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title

    @property
    def rule_id(self) -> str:
        return f"custom-{self.pk}"
