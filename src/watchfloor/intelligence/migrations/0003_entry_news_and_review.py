"""News of entries until it is told, the days on which mail met them, and reviews of what was allowed directly."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intelligence', '0002_looked_back'),
    ]

    operations = [
        migrations.CreateModel(
            name='News',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=600, unique=True)),
                ('kind', models.CharField(max_length=20)),
                ('entry', models.CharField(max_length=450)),
                ('at', models.DateTimeField(db_index=True)),
                ('words', models.TextField()),
                ('mail', models.CharField(blank=True, max_length=36)),
                ('told_at', models.DateTimeField(db_index=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name='entry',
            name='review_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='entry',
            name='reviewed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='entry',
            name='reviewed_by',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.CreateModel(
            name='EntryDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=450)),
                ('day', models.DateField(db_index=True)),
                ('mails', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('name', 'day'), name='one_count_of_an_entry_and_day')],
            },
        ),
    ]
