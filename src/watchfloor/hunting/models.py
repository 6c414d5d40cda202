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
