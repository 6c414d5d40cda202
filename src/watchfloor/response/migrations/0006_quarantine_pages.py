"""The searched text of quarantined mail with its index, bulk jobs, senders of one mailbox, the digest's settings."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from watchfloor.response.quarantine import text_index


def install(apps, schema_editor):
    text_index.install(schema_editor.connection)


def remove(apps, schema_editor):
    text_index.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("response", "0005_quarantine"),
    ]

    operations = [
        migrations.CreateModel(
            name="DigestSettings",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("every", models.CharField(default="daily", max_length=10)),
                ("language", models.CharField(default="en", max_length=5)),
                ("introduction", models.TextField(blank=True)),
                ("with_blocked", models.BooleanField(default=False)),
                ("link_days", models.PositiveSmallIntegerField(default=14)),
                ("links", models.PositiveIntegerField(default=1)),
                ("changed_at", models.DateTimeField(null=True)),
                ("changed_by", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="QuarantineBulk",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("verb", models.CharField(max_length=20)),
                ("reason", models.TextField(blank=True)),
                ("options", models.JSONField(default=dict)),
                ("sentence", models.TextField(blank=True)),
                ("mails", models.JSONField(default=list)),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
                ("words", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("href", models.CharField(blank=True, max_length=200)),
                ("file", models.CharField(blank=True, max_length=100)),
                ("secret", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=200)),
                ("created_by_name", models.CharField(max_length=200)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("-created_at",),
            },
        ),
        migrations.CreateModel(
            name="QuarantineText",
            fields=[
                (
                    "mail",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search",
                        serialize=False,
                        to="response.quarantinedmail",
                    ),
                ),
                ("text", models.TextField()),
                ("whole", models.BooleanField(db_index=True, default=False)),
            ],
        ),
        migrations.CreateModel(
            name="MailboxSender",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recipient", models.CharField(max_length=400)),
                ("sender", models.CharField(max_length=320)),
                ("blocked", models.BooleanField()),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=200)),
            ],
            options={
                "indexes": [models.Index(fields=["sender"], name="wish_by_sender")],
                "constraints": [
                    models.UniqueConstraint(fields=("recipient", "sender"), name="one_wish_per_mailbox_and_sender")
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
