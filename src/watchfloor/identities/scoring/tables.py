"""What only the score keeps: how it is set, and the rises it told of."""

from typing import Any

from django.db import models


class RiskSetting(models.Model):
    """One setting of the score (`Scale`): `value` as JSON."""

    key = models.CharField(max_length=60, unique=True)
    value: "models.JSONField[Any, Any]" = models.JSONField()
    changed_by = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        app_label = "identities"

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"


class RiskRise(models.Model):
    """A sudden rise that became an alert: `rise` points within a day, where `threshold` was enough."""

    person = models.ForeignKey("identities.DirectoryPerson", on_delete=models.CASCADE, related_name="risk_rises")
    at = models.DateTimeField(db_index=True)
    rise = models.FloatField()
    threshold = models.FloatField()

    class Meta:
        app_label = "identities"

    def __str__(self) -> str:
        return f"{self.person}: {self.rise:.0f} over {self.threshold:.0f}"
