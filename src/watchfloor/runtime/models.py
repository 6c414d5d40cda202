"""Cursors and health in the relational store."""

from django.db import models


class Cursor(models.Model):
    """How far a reader has read a stream; moves only inside the reader's own transaction."""

    name = models.CharField(max_length=100, primary_key=True)
    position = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"


class PartHealth(models.Model):
    """The last word of each part of the product about itself."""

    part = models.CharField(max_length=200, primary_key=True)
    state = models.CharField(max_length=10)
    sentence = models.TextField()
    since = models.DateTimeField()
    seen_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.part}: {self.state}"
