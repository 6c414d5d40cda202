"""The policy of click protection, and what is known to be bad at a click."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("response", "0007_submissions")]

    operations = [
        migrations.CreateModel(
            name="ClickPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("enabled", models.BooleanField(default=False)),
                ("internal", models.BooleanField(default=False)),
                ("override", models.BooleanField(default=False)),
                ("exempt_domains", models.JSONField(default=list)),
                ("exempt_recipients", models.JSONField(default=list)),
                ("key", models.TextField(blank=True)),
                ("changed_at", models.DateTimeField(null=True)),
                ("changed_by", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="KnownBad",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=270)),
                ("threat", models.CharField(max_length=10)),
                ("mail", models.CharField(db_index=True, max_length=36)),
                ("at", models.DateTimeField(db_index=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("key", "mail"), name="one_thing_of_a_mail_known_bad"),
                ],
            },
        ),
    ]
