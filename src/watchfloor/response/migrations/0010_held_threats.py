"""Which threat's rule a held mail falls under, and the blocked file types."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("response", "0011_submissions_and_clicks"),
    ]

    operations = [
        migrations.AddField(
            "quarantinedmail", "threat", models.CharField(blank=True, max_length=40, default=""), preserve_default=False
        ),
        migrations.AddField("quarantinepolicy", "file_types", models.JSONField(null=True)),
    ]
