"""The hot tier, its readers, the email register, and how long each table is kept."""

from typing import ClassVar

from django.db import models


class HotBatch(models.Model):
    """One durable append: Arrow IPC bytes. `id` is the cursor; `token` tells two batches of one id apart after a restore."""

    table = models.CharField(max_length=60)
    rows = models.IntegerField()
    lo = models.DateTimeField()
    hi = models.DateTimeField()
    data = models.BinaryField()
    token = models.CharField(max_length=16)
    written_at = models.DateTimeField()
    flushed_at = models.DateTimeField(null=True)

    class Meta:
        # Both hold all that their questions name: SQLite walks through a row's `data` to reach what stands behind it.
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["table", "id", "token", "lo", "hi"], name="hot_heads"),
            models.Index(fields=["flushed_at", "table", "rows", "written_at"], name="hot_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.rows} rows of {self.table}"


class Reader(models.Model):
    """Somebody who reads the hot tier by the runtime cursor `name`; `tables` empty means all of them."""

    name = models.CharField(max_length=100, primary_key=True)
    tables = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.name


class Email(models.Model):
    """The register: one line per email, however many doors and mailboxes it came through."""

    network_message_id = models.CharField(max_length=36, primary_key=True)
    fingerprint = models.CharField(max_length=128, unique=True)
    internet_message_id = models.CharField(max_length=998, blank=True, db_index=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    received_at = models.DateTimeField()
    last_at = models.DateTimeField()
    summary = models.BinaryField()

    def __str__(self) -> str:
        return self.network_message_id


class EmailRecipient(models.Model):
    """One recipient of an email: exactly one row in EmailEvents. `location` is the first delivery location."""

    email = models.ForeignKey(Email, on_delete=models.CASCADE, related_name="recipients")
    address = models.CharField(max_length=400)
    location = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["email", "address"], name="one_row_per_recipient"),
        ]

    def __str__(self) -> str:
        return self.address


class LateVerdict(models.Model):
    """A verdict that came after the mail was stored; the id is the cursor of whoever acts on it."""

    at = models.DateTimeField()
    network_message_id = models.CharField(max_length=36, db_index=True)
    threat_types = models.JSONField(default=list)
    confidence = models.CharField(max_length=10, blank=True)
    source = models.CharField(max_length=20)
    words = models.TextField()

    def __str__(self) -> str:
        return self.words


class Seen(models.Model):
    """One fact of earlier mail (see history), found by its hash. Days are proleptic ordinals; `value` is that of the first row."""

    key = models.BigIntegerField(primary_key=True)
    first_day = models.IntegerField()
    last_day = models.IntegerField()
    count = models.IntegerField()
    variety = models.IntegerField(default=0)
    value = models.CharField(max_length=320, blank=True)

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"


class EntryMet(models.Model):
    """How often mail met one of the organisation's entries, and when last."""

    name = models.CharField(max_length=450, primary_key=True)
    last_at = models.DateTimeField()
    mails = models.BigIntegerField()

    def __str__(self) -> str:
        return self.name


class RecentEvents(models.Model):
    """The events of one batch by the hashes of their ReportIds, 8 bytes each, so that one sent twice is stored once.

    `lo` and `hi` are their earliest and latest time: an event sent again bears the time it had before.
    """

    table = models.CharField(max_length=60)
    lo = models.DateTimeField()
    hi = models.DateTimeField()
    keys = models.BinaryField()
    written_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["table", "hi", "lo"], name="recent_events_by_time")
        ]

    def __str__(self) -> str:
        return f"{len(self.keys) // 8} events of {self.table}"


class RetentionSetting(models.Model):
    """How many days a table is kept, where it differs from the table's own default."""

    table = models.CharField(max_length=60, primary_key=True)
    days = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.table}: {self.days} days"


class Campaign(models.Model):
    """Mails that say the same; the id is their EmailClusterId. `joined_to` leads to the campaign this one turned out to be.

    `spam`, `phish` and `malware` count members judged so without the campaign's help; `threat` is what the whole is taken
    for, `judged_by` members or person, `words` why. `to_spread` marks that earlier members have yet to hear of it.
    """

    id = models.BigIntegerField(primary_key=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    last_seen = models.DateField(db_index=True)
    mails = models.IntegerField(default=0)
    spam = models.IntegerField(default=0)
    phish = models.IntegerField(default=0)
    malware = models.IntegerField(default=0)
    representatives = models.IntegerField(default=0)
    joined_to = models.BigIntegerField(null=True, db_index=True)
    threat = models.CharField(max_length=10, blank=True)
    confidence = models.CharField(max_length=10, blank=True)
    judged_by = models.CharField(max_length=10, blank=True)
    judged_at = models.DateTimeField(null=True)
    words = models.TextField(blank=True)
    to_spread = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["to_spread"], name="campaign_to_spread", condition=models.Q(to_spread=True)),
            # Of judged ones: SQLite uses an index of some rows only where the question says the same without a parameter.
            models.Index(
                fields=["-last_at", "id"], name="campaign_judged", condition=models.Q(judged_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class CampaignRepresentative(models.Model):
    """A mail that stands for its campaign in the search. `keys` are its bands, 8 bytes each, so that they can be forgotten."""

    campaign = models.ForeignKey(Campaign, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    signature = models.BinaryField()
    keys = models.BinaryField()
    last_seen = models.DateField(db_index=True)

    def __str__(self) -> str:
        return f"for campaign {self.campaign_id}"


class CampaignBand(models.Model):
    """One key of a representative. No index leads from there to here: that is what `keys` is for."""

    key = models.BigIntegerField(db_index=True)
    representative = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.key} of {self.representative}"


class CampaignMember(models.Model):
    """One email in its campaign, under the name it was given then. `signature` is its 512 bytes of MinHash numbers, empty
    where its representative's are the same.

    `threat` is what the mail is taken for now; `counted` as what the campaign counts it; `allowed` mail is never judged again.
    """

    network_message_id = models.CharField(max_length=36, primary_key=True)
    campaign = models.BigIntegerField()
    representative = models.BigIntegerField(default=0)
    signature = models.BinaryField(default=bytes)
    at = models.DateTimeField()
    noted_on = models.DateField(db_index=True)
    threat = models.CharField(max_length=10, blank=True)
    counted = models.CharField(max_length=10, blank=True)
    allowed = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["campaign", "at"], name="member_by_campaign")]

    def __str__(self) -> str:
        return self.network_message_id


class UploadedList(models.Model):
    """A list an administrator uploaded. `address` pins it to what externaldata names; `columns` are [name, type], `rows` JSON."""

    alias = models.CharField(max_length=120, primary_key=True)
    address = models.CharField(max_length=2000, blank=True)
    file_name = models.CharField(max_length=255)
    columns = models.JSONField(default=list)
    rows = models.BinaryField()
    length = models.IntegerField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.alias


class Upkeep(models.Model):
    """What maintenance last did with one table, and who asked for it to be done at once."""

    table = models.CharField(max_length=60, primary_key=True)
    checked_at = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0)
    compacted_at = models.DateTimeField(null=True)
    compacted_days = models.IntegerField(default=0)
    dropped_at = models.DateTimeField(null=True)
    dropped_rows = models.BigIntegerField(default=0)
    vacuumed_at = models.DateTimeField(null=True)
    wanted_at = models.DateTimeField(null=True)
    wanted_by = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.table
