"""What was added to a proposal while it waited."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("response", "0010_held_threats"),
    ]

    operations = [
        migrations.AddField("remediation", "additions", models.JSONField(default=list)),
    ]
