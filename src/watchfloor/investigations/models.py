"""Investigations and everything they found, kept beside the questions that found it."""

from typing import Any, ClassVar

from django.db import models

from watchfloor.investigations.aftercare.models import Aftercare as Aftercare
from watchfloor.investigations.aftercare.models import AftercarePolicy as AftercarePolicy
from watchfloor.investigations.aftercare.models import Restriction as Restriction
from watchfloor.investigations.contracts import (
    OPEN,
    Counters,
    Level,
    RecommendationStatus,
    Seeds,
    Status,
    Verdict,
    Wish,
)


class Investigation(models.Model):
    """One run of a playbook. `run` numbers its durable jobs: alerts that join later make the next one.

    `cause` finds it for the next alert of the same kind; `seeds` is `contracts.Seeds`; `grown_at` is when the scope last grew,
    `looked_at` when its last job began. `waited` sums the seconds it waited for people.
    """

    name = models.CharField(max_length=300)
    kind = models.CharField(max_length=40)
    playbook = models.CharField(max_length=50)
    status = models.CharField(max_length=30, default=Status.QUEUED.value)
    verdict = models.CharField(max_length=20, default=Verdict.UNKNOWN.value)
    level = models.CharField(max_length=10, default=Level.APPROVE.value)
    cause = models.CharField(max_length=400)
    seeds: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    users: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    incident_id = models.CharField(max_length=40, blank=True, db_index=True)
    created_by = models.CharField(max_length=200)
    created_by_name = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    run = models.PositiveIntegerField(default=1)
    threats = models.PositiveIntegerField(default=0)
    actions = models.PositiveIntegerField(default=0)
    why = models.TextField(blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    grown_at = models.DateTimeField(null=True)
    waiting_since = models.DateTimeField(null=True)
    refreshed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    waited = models.FloatField(default=0)

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["status", "-created_at"], name="investigation_status"),
            models.Index(fields=["cause", "-created_at"], name="investigation_cause"),
            models.Index(fields=["-created_at"], name="investigation_newest"),
            models.Index(fields=["changed_at"], name="investigation_changed"),
            models.Index(fields=["ended_at"], name="investigation_ended"),
        ]

    def __str__(self) -> str:
        return f"investigation {self.pk} ({self.status})"

    @property
    def href(self) -> str:
        return f"/investigations/{self.pk}"

    @property
    def seeded(self) -> Seeds:
        return Seeds.read(self.seeds)

    @property
    def open(self) -> bool:
        return self.status in OPEN

    @property
    def working(self) -> bool:
        return self.status in (Status.QUEUED, Status.RUNNING)


class InvestigationAlert(models.Model):
    """An alert that set it off or joined it."""

    investigation = models.ForeignKey(Investigation, on_delete=models.CASCADE, related_name="alerts")
    alert_id = models.CharField(max_length=40, db_index=True)
    title = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["investigation", "alert_id"], name="alert_once_per_investigation")
        ]

    def __str__(self) -> str:
        return self.title


class Step(models.Model):
    """One question of a playbook and its answer; `asked` lists `contracts.Asked`, `wishes` `contracts.Wish`."""

    investigation = models.ForeignKey(Investigation, on_delete=models.CASCADE, related_name="steps")
    run = models.PositiveIntegerField()
    place = models.PositiveIntegerField()
    key = models.CharField(max_length=50)
    question = models.CharField(max_length=300)
    answer = models.TextField(blank=True)
    asked: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    wishes: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    verdict = models.CharField(max_length=20, default=Verdict.UNKNOWN.value)
    failed = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    seconds = models.FloatField(default=0)

    class Meta:
        ordering = ("run", "place")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["investigation", "run", "key"], name="step_once_per_run")
        ]

    def __str__(self) -> str:
        return f"{self.question} {self.answer}"


class Cluster(models.Model):
    """Mails that belong together. `then` are the counters of the first look, `today` those of the last (AI-48)."""

    investigation = models.ForeignKey(Investigation, on_delete=models.CASCADE, related_name="clusters")
    kind = models.CharField(max_length=20)
    value = models.TextField()
    key = models.CharField(max_length=64)
    title = models.TextField()
    parameters = models.TextField()
    text = models.TextField()
    verdict = models.CharField(max_length=20)
    why = models.TextField(blank=True)
    anomaly = models.TextField(blank=True)
    then: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    then_at = models.DateTimeField()
    today: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    today_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["investigation", "key"], name="cluster_once_per_investigation")
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def counted_then(self) -> Counters:
        return Counters.read(self.then)

    @property
    def counted(self) -> Counters:
        return Counters.read(self.today)


class Evidence(models.Model):
    """One entity the investigation met, with what it was judged and what became of it."""

    investigation = models.ForeignKey(Investigation, on_delete=models.CASCADE, related_name="evidence")
    type = models.CharField(max_length=20)
    value = models.TextField()
    key = models.CharField(max_length=64, db_index=True)
    label = models.TextField(blank=True)
    verdict = models.CharField(max_length=20)
    why = models.TextField(blank=True)
    facts: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    first_seen = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["investigation", "type", "key"], name="evidence_once_per_investigation")
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.value}"


class Recommendation(models.Model):
    """What should be done: a remediation of `response`, an entry of the block list, or advice. `wish` is `contracts.Wish`.

    `agreed` is what people said of one that only would be done: None nobody yet.
    """

    investigation = models.ForeignKey(Investigation, on_delete=models.CASCADE, related_name="recommendations")
    key = models.CharField(max_length=100)
    kind = models.CharField(max_length=10)
    title = models.TextField()
    why = models.TextField(blank=True)
    wish: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    verdict = models.CharField(max_length=20, default=Verdict.MALICIOUS.value)
    status = models.CharField(max_length=20, default=RecommendationStatus.PENDING.value)
    remediation_id = models.CharField(max_length=40, blank=True, db_index=True)
    automatic = models.BooleanField(default=False)
    not_automatic = models.TextField(blank=True)
    agreed = models.BooleanField(null=True)
    result = models.TextField(blank=True)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by_name = models.CharField(max_length=200, blank=True)
    decision_reason = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["investigation", "key"], name="recommended_once_per_investigation")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["status", "id"], name="recommendation_status")]

    def __str__(self) -> str:
        return f"{self.title} ({self.status})"

    @property
    def wished(self) -> Wish:
        return Wish.read(self.wish)


class TrustPolicy(models.Model):
    """How far the product is trusted; one row. `levels` maps a playbook's key to its own level, `thresholds` a kind of cluster to
    [hits, share, hits, share] of malicious and suspicious; `exempt` are mailboxes never searched nor touched.

    The automatic level acts within `most_copies` a recommendation, `daily_cap` copies a day, `from_hour` to `to_hour` UTC, and only
    from `least_share` percent malicious copies on; `stopped` is the kill switch.
    """

    level = models.CharField(max_length=10, default=Level.APPROVE.value)
    levels: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    thresholds: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    exempt: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    stopped = models.BooleanField(default=False)
    most_copies = models.PositiveIntegerField(default=100)
    daily_cap = models.PositiveIntegerField(default=500)
    least_share = models.PositiveIntegerField(default=50)
    from_hour = models.PositiveSmallIntegerField(default=0)
    to_hour = models.PositiveSmallIntegerField(default=24)
    spare_tagged = models.BooleanField(default=True)
    close_alerts = models.BooleanField(default=True)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"investigations: {self.level}"
