"""Who answers for a notification rule, and why it rests."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0004_facets")]

    operations = [
        migrations.AddField(
            model_name="notificationrule",
            name="answers_for",
            field=models.CharField(blank=True, default="", max_length=320),
        ),
        migrations.AddField(
            model_name="notificationrule", name="trouble", field=models.TextField(blank=True, default="")
        ),
    ]
