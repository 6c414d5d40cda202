"""The policy of click protection, and what was learned of URLs since their mail came."""

from typing import Any, ClassVar

from django.db import models


class ClickPolicy(models.Model):
    """One row. `key` is the sealed key that signs links; links signed before protection was switched off still work.

    `exempt_domains` are hosts (and those below) whose links stay as they are, `exempt_recipients` people or domains whose mail
    does. `internal` protects mail between our own people too, `signed` what is signed by its sender too; `override` lets people go on past a page about a threat.
    """

    enabled = models.BooleanField(default=False)
    internal = models.BooleanField(default=False)
    override = models.BooleanField(default=False)
    signed = models.BooleanField(default=False)
    exempt_domains: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    exempt_recipients: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    key = models.TextField(blank=True)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return "click protection"


class LongUrl(models.Model):
    """A URL too long to stand in its own protected link; the link names its digest (SHA-256 in hex)."""

    digest = models.CharField(max_length=64, primary_key=True)
    url = models.TextField()
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.url[:200]


class KnownBad(models.Model):
    """Something a click may meet that mail told us is bad. `key` is `mail:<fingerprint>`, `url:<hash>` or `host:<name>`.

    `mail` is the NetworkMessageId that told so; when that mail turns out harmless its rows go.
    """

    key = models.CharField(max_length=270)
    threat = models.CharField(max_length=10)
    mail = models.CharField(max_length=36, db_index=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["key", "mail"], name="one_thing_of_a_mail_known_bad")
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.threat}"
