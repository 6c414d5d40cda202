"""The organisation's logo in digests to recipients."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("response", "0009_additions")]

    operations = [
        migrations.AddField(model_name="digestsettings", name="logo", field=models.BinaryField(null=True)),
    ]
