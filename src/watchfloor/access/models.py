"""People, roles and the audit chain."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models

from watchfloor.kernel.errors import Forbidden


class Role(models.Model):
    """A named set of permissions; built-in ones are kept as the product defines them."""

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    permissions = models.JSONField(default=list)
    built_in = models.BooleanField(default=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class PersonManager(BaseUserManager["Person"]):
    """Makes people; an address is stored lower-case, so that sign-in ignores case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        person = self.model(email=email.strip().lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser):
    """Somebody who signs in to Watchfloor. Their rights are the union of their roles' permissions."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    roles = models.ManyToManyField(Role, related_name="people", blank=True)
    must_change_password = models.BooleanField(default=False)
    preferences = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class AuditEntries(models.QuerySet["AuditEntry"]):
    """Refuses bulk changes; the database's triggers refuse what comes past the ORM."""

    def update(self, **kwargs: Any) -> int:
        raise Forbidden("audit entries are never changed", permission="")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise Forbidden("audit entries are never deleted", permission="")


class AuditEntry(models.Model):
    """One link of the audit chain; `hash` covers this entry and the hash of the one before it."""

    at = models.DateTimeField()
    actor_id = models.CharField(max_length=200)
    actor_name = models.CharField(max_length=200)
    verb = models.CharField(max_length=100)
    outcome = models.CharField(max_length=20)
    target_type = models.CharField(max_length=50, blank=True)
    target = models.CharField(max_length=1000, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=64, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects: ClassVar[models.Manager["AuditEntry"]] = models.Manager.from_queryset(AuditEntries)()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["verb", "at"]),
            models.Index(fields=["actor_id", "at"]),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Forbidden("an audit entry is never changed", permission="")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise Forbidden("an audit entry is never deleted", permission="")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.verb}"
