"""Reports of people, their groups, submissions of analysts, and the one row of settings."""

from typing import Any, ClassVar

from django.db import models

from watchfloor.response.submissions.contracts import Mark, ReportState, Said


class ReportGroup(models.Model):
    """Reports of one mail, or of mails of one campaign: one card, one verdict.

    `key` is "cluster <number>" or a NetworkMessageId, "report <position>.<part>" where no mail is known. `threats`, `confidence`
    and `result` are our own verdict as it stood when it was told; `answered` the NetworkMessageIds the mark was given for.
    """

    key = models.CharField(max_length=80, unique=True)
    network_message_id = models.CharField(max_length=36, blank=True, db_index=True)
    cluster_id = models.BigIntegerField(default=0)
    subject = models.CharField(max_length=1000, blank=True)
    sender = models.CharField(max_length=400, blank=True)
    sender_ip = models.CharField(max_length=45, blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)
    reports = models.PositiveIntegerField(default=0)
    reporters = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=12, blank=True)
    threats: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    confidence = models.CharField(max_length=10, blank=True)
    result = models.CharField(max_length=60, blank=True)
    explanation = models.TextField(blank=True)
    tags: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    simulation = models.CharField(max_length=100, blank=True)
    verdict_at = models.DateTimeField(null=True)
    marked_as = models.CharField(max_length=20, blank=True)
    marked_by = models.CharField(max_length=200, blank=True)
    marked_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    answered: "models.JSONField[Any, Any]" = models.JSONField(default=list)

    class Meta:
        ordering = ("-last_at", "-id")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["marked_as", "-last_at"], name="report_group_by_mark"),
        ]

    def __str__(self) -> str:
        return f"“{self.subject}” reported by {self.reporters}"

    @property
    def href(self) -> str:
        return f"/submissions/reports/{self.pk}"

    @property
    def mark(self) -> Mark | None:
        return Mark(self.marked_as) if self.marked_as else None


class UserReport(models.Model):
    """One person's report of one mail. `position` and `part` say which accepted mail reported it, so that it is read once.

    `taken` is the position under which we took the original in, when nobody knew it; `matched_by` says how it was recognised.
    """

    group = models.ForeignKey(ReportGroup, null=True, on_delete=models.CASCADE, related_name="lines")
    position = models.BigIntegerField()
    part = models.PositiveSmallIntegerField(default=0)
    report_sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    state = models.CharField(max_length=30, default=ReportState.WAITING.value)
    reporter = models.CharField(max_length=320, db_index=True)
    reporter_name = models.CharField(max_length=320, blank=True)
    reported_at = models.DateTimeField()
    read_at = models.DateTimeField()
    via = models.CharField(max_length=20)
    reported_from = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=12)
    comment = models.TextField(blank=True)
    form = models.CharField(max_length=10, blank=True)
    subject = models.CharField(max_length=1000, blank=True)
    sender = models.CharField(max_length=400, blank=True)
    sender_ip = models.CharField(max_length=45, blank=True)
    internet_message_id = models.CharField(max_length=998, blank=True)
    sent_at = models.DateTimeField(null=True)
    fingerprint = models.CharField(max_length=128, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    taken = models.BigIntegerField(null=True)
    network_message_id = models.CharField(max_length=36, blank=True, db_index=True)
    matched_by = models.CharField(max_length=60, blank=True)
    trouble = models.TextField(blank=True)
    verdict_at = models.DateTimeField(null=True)
    language = models.CharField(max_length=5, blank=True)
    answers: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    no_answer = models.TextField(blank=True)

    class Meta:
        ordering = ("-reported_at", "-id")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["position", "part"], name="one_report_per_original"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["state", "id"], name="report_by_state")]

    def __str__(self) -> str:
        return f"{self.reporter} reported “{self.subject}”"


class Submission(models.Model):
    """One mail, URL or file an analyst handed in (SU-02). `value` is a NetworkMessageId, a URL or a SHA-256.

    `checks` are (name, state, words, details) of what was looked at; `entries` the names of entries made with it; `taken` the
    position of an uploaded mail that was not known. A dispute keeps who said what, and what judging it anew gave.
    """

    kind = models.CharField(max_length=10, db_index=True)
    value = models.TextField(blank=True)
    name = models.CharField(max_length=1000, blank=True)
    sender = models.CharField(max_length=400, blank=True)
    recipient = models.CharField(max_length=400, blank=True)
    network_message_id = models.CharField(max_length=36, blank=True, db_index=True)
    taken = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(db_index=True)
    by = models.CharField(max_length=200)
    by_id = models.CharField(max_length=200)
    origin = models.CharField(max_length=40, blank=True)
    said = models.CharField(max_length=15)
    note = models.TextField(blank=True)
    result = models.CharField(max_length=60, blank=True)
    explanation = models.TextField(blank=True)
    threats: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    checks: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    entries: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    judged_at = models.DateTimeField(null=True)
    group = models.ForeignKey(ReportGroup, null=True, on_delete=models.SET_NULL, related_name="submissions")
    disputed_at = models.DateTimeField(null=True)
    disputed_by = models.CharField(max_length=200, blank=True)
    dispute = models.CharField(max_length=40, blank=True)
    dispute_text = models.TextField(blank=True)
    before_dispute = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.kind} {self.name or self.value}: {self.result}"

    @property
    def href(self) -> str:
        return f"/submissions/{self.pk}"

    @property
    def words(self) -> str:
        """What the person said, in words."""
        return Said(self.said).label


class DisputePicture(models.Model):
    """What somebody who disputed a result shows; `kind` is its type by its bytes. Apart, as lists have no use for it."""

    submission = models.OneToOneField(Submission, on_delete=models.CASCADE, related_name="picture")
    kind = models.CharField(max_length=20)
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"picture of {self.submission_id}"


class SubmissionPolicy(models.Model):
    """How people report and what they are answered; one row. `texts` maps "<language> <which>" to [subject, text] where changed;
    `simulations` are pairs “domain,network or domain that sends” of the organisation's own phishing simulations."""

    addresses: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    folders: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    folder_reason = models.CharField(max_length=12, blank=True)
    answer_at_once = models.BooleanField(default=True)
    answer_verdict = models.BooleanField(default=True)
    language = models.CharField(max_length=5, default="en")
    texts: "models.JSONField[Any, Any]" = models.JSONField(default=dict)
    simulations: "models.JSONField[Any, Any]" = models.JSONField(default=list)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"reports go to {', '.join(self.addresses) or 'nobody'}"
