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
    """One run of a query, by one person, for one detection or for many Sigma rules: what it cost, or why it was refused (SI-07).

    `interface` is portal, export, detection, sigma or command; `rule_id` and `new` (findings not known before) are rules' alone. `span`
    says the time in words, `start` and `end` hold it unless the query says its own. `words` tell a detection's outcome.
    """

    person_id = models.CharField(max_length=200)
    person_name = models.CharField(max_length=200)
    interface = models.CharField(max_length=12, default="portal")
    rule_id = models.CharField(max_length=100, blank=True)
    at = models.DateTimeField(db_index=True)
    text = models.TextField()
    tables = models.JSONField(default=list)
    span = models.CharField(max_length=80, blank=True)
    start = models.DateTimeField(null=True)
    end = models.DateTimeField(null=True)
    new = models.BigIntegerField(default=0)
    words = models.TextField(blank=True)
    seconds = models.FloatField(default=0.0)
    rows = models.BigIntegerField(default=0)
    truncated = models.BooleanField(default=False)
    rows_read = models.BigIntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person_id", "-id"]),
            models.Index(fields=["rule_id", "-id"], name="run_of_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.person_name} at {self.at:%Y-%m-%d %H:%M}"


class KeptAnswer(models.Model):
    """The rows of a person's newest runs, so that chosen ones can be acted on and linked as they were.

    `columns` is a list of [name, KQL type]; `data` holds the rows as compressed JSON, lists of plain values in that order.
    """

    run = models.OneToOneField(QueryRun, on_delete=models.CASCADE, related_name="kept")
    columns = models.JSONField()
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"rows of {self.run}"


class LinkedRows(models.Model):
    """Rows of an answer that somebody made evidence: with the query and its time they stand on the alert and its incident.

    `columns` is a list of [name, KQL type], `rows` a list of plain values in that order; `incident` is the number that was
    asked for, 0 for a new one. Where the alert is now, incidents knows by `rule_id`.
    """

    title = models.CharField(max_length=200)
    text = models.TextField()
    span = models.CharField(max_length=80, blank=True)
    start = models.DateTimeField(null=True)
    end = models.DateTimeField(null=True)
    columns = models.JSONField()
    rows = models.JSONField()
    comment = models.TextField(blank=True)
    incident = models.PositiveIntegerField(default=0)
    by_id = models.CharField(max_length=200)
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.title

    @property
    def rule_id(self) -> str:
        return f"hunt-{self.pk}"


class CustomDetection(models.Model):
    """A query on a schedule. `entities` is a list of [column, evidence type, role]; the `last_` fields tell the newest run.

    `last_state` is "" before the first run, then ok or failing, `failures` times in a row; `next_at` is when it is due, also the
    claim of a worker. `most_findings` is how many new findings one run may make.
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
    changed_by = models.CharField(max_length=200, blank=True)
    most_findings = models.PositiveIntegerField(default=100)
    failures = models.PositiveIntegerField(default=0)
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

    @property
    def href(self) -> str:
        return f"/hunting/detections/{self.pk}"


class SigmaEntry(models.Model):
    """A Sigma rule as somebody brought it (`text`, YAML), and what became of it: `kql`, or `refused` with the reason.

    `sigma_id` is the rule's own id, or made of its title and author. `refused` is "" for a rule that runs; `refused_field` is
    where it failed. `entities` is a list of [column, role]; `seconds` is how long a correlation looks. `claim` marks the rules
    one worker took; `good_until` is the end of the last window that was looked at without an error; `days` counts matches by
    day of the event, as {"2026-11-22": 3}.
    """

    sigma_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200, blank=True, db_index=True)
    title = models.CharField(max_length=300)
    author = models.TextField(blank=True)
    description = models.TextField(blank=True)
    level = models.CharField(max_length=13, blank=True)
    status = models.CharField(max_length=20, blank=True)
    tags = models.JSONField(default=list)
    techniques = models.JSONField(default=list)
    references = models.JSONField(default=list)
    false_positives = models.JSONField(default=list)
    product = models.CharField(max_length=60, blank=True)
    service = models.CharField(max_length=60, blank=True)
    category = models.CharField(max_length=60, blank=True)
    table = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=12, default="rule")
    entities = models.JSONField(default=list)
    seconds = models.PositiveIntegerField(default=0)
    text = models.TextField()
    kql = models.TextField(blank=True)
    place = models.CharField(max_length=500, blank=True)
    refused = models.TextField(blank=True)
    refused_field = models.CharField(max_length=200, blank=True)
    enabled = models.BooleanField(default=False)
    every_minutes = models.PositiveIntegerField(default=5)
    brought_by = models.CharField(max_length=200)
    brought_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed = models.TextField(blank=True)
    next_at = models.DateTimeField(db_index=True)
    claim = models.CharField(max_length=36, blank=True, db_index=True)
    good_until = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    last_state = models.CharField(max_length=10, blank=True)
    last_words = models.TextField(blank=True)
    last_rows = models.BigIntegerField(default=0)
    last_new = models.BigIntegerField(default=0)
    last_seconds = models.FloatField(default=0.0)
    last_match_at = models.DateTimeField(null=True)
    matches = models.BigIntegerField(default=0)
    days = models.JSONField(default=dict)

    class Meta:
        ordering = ("title", "id")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["enabled", "next_at"], name="sigma_due")]

    def __str__(self) -> str:
        return self.title

    @property
    def rule_id(self) -> str:
        return f"sigma-{self.sigma_id}"

    @property
    def href(self) -> str:
        return f"/hunting/sigma/{self.pk}"


class SigmaImport(models.Model):
    """One import of Sigma rules. `changed` is a list of [entry's key, title, what changed]; `refused` of {place, title, field, words}.

    One handed in on the page is worked off in parts: `done` of `files` are; `seen` tells ids and places, `words` why it failed.
    """

    at = models.DateTimeField()
    by = models.CharField(max_length=200)
    source = models.CharField(max_length=400)
    new = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    converted = models.PositiveIntegerField(default=0)
    switched_on = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    changed = models.JSONField(default=list)
    refused = models.JSONField(default=list)
    state = models.CharField(max_length=10, default="done", db_index=True)
    files = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    by_id = models.CharField(max_length=200, blank=True)
    switch_on = models.CharField(max_length=10, default="none")
    everything = models.BooleanField(default=False)
    seen = models.JSONField(default=dict)
    words = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.source} at {self.at:%Y-%m-%d %H:%M}"

    @property
    def href(self) -> str:
        return f"/hunting/sigma/imports/{self.pk}"

    @property
    def goes_on(self) -> bool:
        return self.state == "waiting"

    @property
    def so_far(self) -> str:
        return f"{self.done:,} of {self.files:,} files"


class SigmaPart(models.Model):
    """Files of an import that wait: `data` is zlib over a JSON list of [name, base64]. It goes with the transaction that keeps its rules."""

    of = models.ForeignKey(SigmaImport, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    files = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        ordering = ("number",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["of", "number"], name="one_sigma_part_a_place")]

    def __str__(self) -> str:
        return f"part {self.number} of {self.of}"


class KnownCampaign(models.Model):
    """A campaign that was found to be phish or malware, kept as long as its mails are, longer than the lake knows their texts.

    `ids` are its EmailClusterIds, its own first; `described` is how many mails it had when subject and subtype were read,
    `listed` how many when its mails were written into CampaignInfo, those from `listed_from` to `listed_to`.
    """

    id = models.BigIntegerField(primary_key=True)
    ids = models.JSONField(default=list)
    name = models.CharField(max_length=200, db_index=True)
    threat = models.CharField(max_length=10)
    subtype = models.CharField(max_length=200, blank=True)
    subject = models.TextField(blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)
    mails = models.IntegerField(default=0)
    described = models.IntegerField(default=0)
    listed = models.IntegerField(default=0)
    listed_from = models.DateTimeField(null=True)
    listed_to = models.DateTimeField(null=True)
    judged_by = models.CharField(max_length=10, blank=True)
    words = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name

    @property
    def href(self) -> str:
        return f"/campaigns/{self.pk}"


class CampaignFeedback(models.Model):
    """What one person says about how a campaign was grouped; their newest word counts. `campaign` is its EmailClusterId."""

    campaign = models.BigIntegerField()
    person_id = models.CharField(max_length=200)
    person_name = models.CharField(max_length=200)
    correct = models.BooleanField()
    note = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["campaign", "person_id"], name="one_word_on_grouping"),
        ]

    def __str__(self) -> str:
        return f"{self.person_name} on campaign {self.campaign}"


class Tracker(models.Model):
    """A saved query of Explorer (TT-01). `parameters` is its address without the time, which is `relative_days` before now or
    exactly `start` to `end`.

    A tracked one is counted again by the worker: `days` is a list of [date, mails], the oldest first, today last, as of
    `last_at`; `last_state` is "" before the first count, then ok or failing, and `last_words` says why; `next_at` is when it
    is due, also the claim of a worker.
    """

    name = models.CharField(max_length=200)
    parameters = models.TextField()
    relative_days = models.PositiveIntegerField(null=True)
    start = models.DateTimeField(null=True)
    end = models.DateTimeField(null=True)
    shared = models.BooleanField(default=False)
    tracked = models.BooleanField(default=False)
    owner_id = models.CharField(max_length=200)
    owner_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=200)
    executed_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(db_index=True)
    last_at = models.DateTimeField(null=True)
    last_state = models.CharField(max_length=10, blank=True)
    last_words = models.TextField(blank=True)
    days = models.JSONField(default=list)

    class Meta:
        ordering = ("name", "id")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["shared", "owner_id"], name="tracker_readers")]

    def __str__(self) -> str:
        return self.name


class ExplorerQuestion(models.Model):
    """One question that a person asked in Explorer; `parent` is the one it was refined from.

    `parameters` is the part of its address that decides which rows it finds (view, time, filters), `key` their SHA-256; `found`
    is how many rows it found when it was last asked, None when nobody waited for that.
    """

    person_id = models.CharField(max_length=200)
    key = models.CharField(max_length=64)
    parameters = models.TextField()
    sentence = models.TextField()
    parent = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="refined")
    found = models.BigIntegerField(null=True)
    asked_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["person_id", "key"], name="one_question_once_a_person"),
        ]

    def __str__(self) -> str:
        return self.sentence
