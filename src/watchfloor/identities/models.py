"""The directory in the relational store."""

from django.db import models


class DirectoryPerson(models.Model):
    """One person of the organisation; `source` names the import that wrote the row last."""

    address = models.CharField(max_length=320, unique=True)
    name = models.CharField(max_length=200)
    department = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=200, blank=True)
    manager = models.CharField(max_length=320, blank=True)
    groups = models.JSONField(default=list, blank=True)
    tags = models.JSONField(default=list, blank=True)
    source = models.CharField(max_length=100)
    imported_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"
