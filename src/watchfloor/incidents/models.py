"""Alerts, incidents, and everything people and the product said and did about them."""

from typing import ClassVar

from django.db import models


class Incident(models.Model):
    """Alerts that belong together. The number is the identity; the name may change and is never a key.

    Counts, severity, name and times are kept beside the alerts they come from, so that the queue reads one table;
    `facets` holds what its alerts are of, each word between bars (facets.py), `words` its name and what they are called in small
    letters, for the search (summing.py).
    `restricted` is the category of alert policies whose readers alone see it (seeing.py), empty for most.
    """

    name = models.CharField(max_length=300)
    custom_name = models.BooleanField(default=False)
    status = models.CharField(max_length=12, default="active")
    severity = models.CharField(max_length=13)
    severity_rank = models.SmallIntegerField(default=0)
    severity_by_hand = models.BooleanField(default=False)
    classification = models.CharField(max_length=32, blank=True)
    determination = models.CharField(max_length=32, blank=True)
    assigned_to = models.CharField(max_length=200, blank=True)
    assigned_name = models.CharField(max_length=200, blank=True)
    resolution_note = models.TextField(blank=True)
    redirected_to = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="sources")
    status_before_merge = models.CharField(max_length=12, blank=True)
    categories = models.JSONField(default=list)
    detection_sources = models.JSONField(default=list)
    facets = models.TextField(blank=True)
    words = models.TextField(blank=True, default="")
    restricted = models.CharField(max_length=40, blank=True, default="")
    alert_count = models.IntegerField(default=0)
    active_alert_count = models.IntegerField(default=0)
    user_count = models.IntegerField(default=0)
    mailbox_count = models.IntegerField(default=0)
    device_count = models.IntegerField(default=0)
    first_activity = models.DateTimeField()
    last_activity = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-last_activity", "-id")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-last_activity", "-id"], name="incident_newest"),
            models.Index(fields=["status", "-last_activity"], name="incident_status"),
            models.Index(fields=["created_at"], name="incident_created"),
            models.Index(fields=["assigned_to", "status"], name="incident_assigned"),
            models.Index(fields=["-updated_at", "-id"], name="incident_updated"),
            models.Index(fields=["-severity_rank", "-last_activity"], name="incident_gravest"),
            models.Index(fields=["-alert_count", "-id"], name="incident_largest"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.name}"


class Alert(models.Model):
    """What one rule found about one thing; `incident` is required, so that every alert belongs to exactly one.

    `impacted` names the first few accounts it touches, `impacted_count` how many there are, so that lists need not read evidence.
    `tuned_by` is the tuning rule that resolved it when it was raised; `activities` its newest rows (detection.contracts.Activity).
    """

    alert_id = models.CharField(max_length=40, unique=True)
    finding_key = models.CharField(max_length=64, unique=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="alerts")
    rule_id = models.CharField(max_length=100)
    source = models.CharField(max_length=300, blank=True)
    aggregation_key = models.CharField(max_length=400)
    title = models.CharField(max_length=300)
    description = models.TextField()
    severity = models.CharField(max_length=13)
    severity_rank = models.SmallIntegerField(default=0)
    category = models.CharField(max_length=100)
    techniques = models.JSONField(default=list)
    explanation = models.JSONField(default=list)
    status = models.CharField(max_length=12, default="new")
    classification = models.CharField(max_length=32, blank=True)
    determination = models.CharField(max_length=32, blank=True)
    assigned_to = models.CharField(max_length=200, blank=True)
    assigned_name = models.CharField(max_length=200, blank=True)
    hit_count = models.IntegerField(default=1)
    impacted = models.JSONField(default=list)
    impacted_count = models.IntegerField(default=0)
    evidence_omitted = models.IntegerField(default=0)
    first_activity = models.DateTimeField()
    last_activity = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    tuned_by = models.ForeignKey("TuningRule", null=True, on_delete=models.SET_NULL, related_name="alerts")
    activities = models.JSONField(default=list)

    class Meta:
        ordering = ("-last_activity", "-id")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["rule_id", "aggregation_key", "-last_activity"], name="alert_aggregate"),
            models.Index(fields=["-last_activity", "-id"], name="alert_newest"),
            models.Index(fields=["status", "-last_activity"], name="alert_status"),
            models.Index(fields=["created_at"], name="alert_created"),
            models.Index(fields=["incident", "first_activity"], name="alert_incident"),
            models.Index(fields=["rule_id", "-last_activity"], name="alert_rule"),
            models.Index(fields=["source", "-last_activity"], name="alert_source"),
            models.Index(fields=["category", "-last_activity"], name="alert_category"),
            models.Index(fields=["assigned_to", "-last_activity"], name="alert_assigned"),
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.title}"


class AlertEvidence(models.Model):
    """One entity of an alert. `key` (a hash of type and value) finds it in other alerts whatever its length."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="evidence")
    key = models.CharField(max_length=40)
    type = models.CharField(max_length=20)
    value = models.CharField(max_length=2000)
    label = models.CharField(max_length=500, blank=True)
    role = models.CharField(max_length=12)
    verdict = models.CharField(max_length=16)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["alert", "type", "key"], name="evidence_once_per_alert")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["key", "alert"], name="evidence_key"),
            models.Index(fields=["alert", "type"], name="evidence_type"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.value}"


class IncidentLink(models.Model):
    """Why an alert is (or was) in an incident; exactly one link of an alert is current.

    `came_from` is set by a merge, so that it can be undone; `also` lists other incidents it would have fitted: [[id, reason]].
    """

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="links")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="links")
    came_from = models.ForeignKey(Incident, null=True, on_delete=models.PROTECT, related_name="moved_out")
    kind = models.CharField(max_length=12)
    reason = models.TextField()
    score = models.FloatField(default=0)
    also = models.JSONField(default=list)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()
    current = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["alert"], condition=models.Q(current=True), name="one_current_link")
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} in {self.incident_id}: {self.reason}"


class Tag(models.Model):
    """A word on an incident; `kind` is custom (people) or system (IN-13)."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="tags")
    text = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, default="custom")

    class Meta:
        ordering = ("text",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["incident", "text"], name="tag_once_per_incident")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["text", "incident"], name="tag_text")]

    def __str__(self) -> str:
        return self.text


class Comment(models.Model):
    """What somebody wrote about an incident or an alert. It stays where it was written; a merged incident's are read with it."""

    incident = models.ForeignKey(Incident, null=True, on_delete=models.CASCADE, related_name="comments")
    alert = models.ForeignKey(Alert, null=True, on_delete=models.CASCADE, related_name="comments")
    text = models.TextField()
    author_id = models.CharField(max_length=200)
    author_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.author_name}: {self.text[:60]}"


class HistoryEntry(models.Model):
    """One line of the activity log, in words; `origin` is person or system."""

    incident = models.ForeignKey(Incident, null=True, on_delete=models.CASCADE, related_name="history")
    alert = models.ForeignKey(Alert, null=True, on_delete=models.CASCADE, related_name="history")
    at = models.DateTimeField()
    actor_name = models.CharField(max_length=200)
    origin = models.CharField(max_length=6)
    kind = models.CharField(max_length=20)
    text = models.TextField()

    class Meta:
        ordering = ("-at", "-id")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["incident", "-at"], name="history_incident"),
            models.Index(fields=["alert", "-at"], name="history_alert"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name}: {self.text}"


class SavedFilter(models.Model):
    """A queue's filter under a name (IN-06); `query` is what stands behind “?”. A `shared` one is offered to everybody."""

    queue = models.CharField(max_length=10)
    name = models.CharField(max_length=100)
    query = models.TextField(blank=True)
    shared = models.BooleanField(default=False)
    owner_id = models.CharField(max_length=200)
    owner_name = models.CharField(max_length=200)
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ("name", "id")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["queue", "owner_id", "name"], name="saved_filter_name")
        ]

    def __str__(self) -> str:
        return self.name


class NotificationRule(models.Model):
    """Which incidents somebody is told of by mail (IN-19). Empty lists ask nothing; `daily_cap` bounds mails per 24 hours.

    `severities` is held against the gravest alert, `sources` against who raised an alert, `tags` against the incident's.
    """

    name = models.CharField(max_length=100)
    enabled = models.BooleanField(default=True)
    severities = models.JSONField(default=list)
    sources = models.JSONField(default=list)
    tags = models.JSONField(default=list)
    recipients = models.JSONField(default=list)
    webhooks = models.JSONField(default=list)
    daily_cap = models.IntegerField(default=50)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    answers_for = models.CharField(max_length=320, blank=True, default="")
    """Address of who saved it last: it rests when they may no longer manage incidents. Empty for rules older than this."""
    trouble = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """One person told of one incident, once, whatever rules ask for it; `state` is sent (handed to the outbox) or capped."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="notices")
    rule = models.ForeignKey(NotificationRule, null=True, on_delete=models.SET_NULL, related_name="notices")
    recipient = models.CharField(max_length=320)
    state = models.CharField(max_length=6)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-id")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["incident", "recipient"], name="told_once")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["rule", "-at"], name="notice_of_rule")]

    def __str__(self) -> str:
        return f"{self.recipient} of incident {self.incident_id}"


class TuningRule(models.Model):
    """Alerts that are hidden or resolved as they are raised (AL-08), because their evidence fits `conditions` (tuning.py).

    `policies` (rule ids) and `sources` narrow it, empty they do not; after `expires_at` it does nothing.
    """

    name = models.CharField(max_length=200)
    enabled = models.BooleanField(default=True)
    action = models.CharField(max_length=8)
    conditions = models.JSONField()
    policies = models.JSONField(default=list)
    sources = models.JSONField(default=list)
    classification = models.CharField(max_length=32, blank=True)
    determination = models.CharField(max_length=32, blank=True)
    comment = models.TextField(blank=True)
    expires_at = models.DateTimeField(null=True)
    hits = models.IntegerField(default=0)
    last_hit = models.DateTimeField(null=True)
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    changed_by = models.CharField(max_length=200)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class HiddenAlert(models.Model):
    """An alert that was not raised because a tuning rule hides it. Its finding is kept, so that it can be raised after all."""

    finding_key = models.CharField(max_length=64, unique=True)
    rule_id = models.CharField(max_length=100)
    title = models.CharField(max_length=300)
    severity = models.CharField(max_length=13)
    description = models.TextField(blank=True)
    entities = models.JSONField(default=list)
    hits = models.IntegerField(default=1)
    last_activity = models.DateTimeField()
    hidden_at = models.DateTimeField()
    tuned_by = models.ForeignKey(TuningRule, null=True, on_delete=models.SET_NULL, related_name="hidden")
    tuned_name = models.CharField(max_length=200)

    class Meta:
        ordering = ("-hidden_at", "-id")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["-hidden_at", "-id"], name="hidden_newest")]

    def __str__(self) -> str:
        return f"{self.title}, hidden by {self.tuned_name}"


class AlertNotice(models.Model):
    """One person told of one alert, once; `state` is sent (handed to the outbox), capped, or failed.

    `summed` once a closing mail told how many were capped.
    """

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notices")
    rule_id = models.CharField(max_length=100)
    recipient = models.CharField(max_length=320)
    state = models.CharField(max_length=6)
    summed = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-id")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["alert", "recipient"], name="told_of_alert_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["rule_id", "recipient", "-at"], name="alert_notice_of_rule"),
            models.Index(fields=["state", "summed"], name="alert_notice_capped"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} of {self.alert_id}"


class CategoryReaders(models.Model):
    """Which roles see the alerts of a category of alert policies (AP-05); a category without a row is seen by all who read incidents."""

    category = models.CharField(max_length=40, primary_key=True)
    roles = models.JSONField(default=list)
    changed_by = models.CharField(max_length=200)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.category}: {self.roles}"
