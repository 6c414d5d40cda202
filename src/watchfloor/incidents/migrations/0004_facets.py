"""Fills the columns that 0003 added, from the alerts that are there."""

from django.db import migrations

from watchfloor.incidents.facets import OWN, facets_of

FIELDS = ("title", "techniques", "category", "rule_id", "source", "severity")


def fill(apps, schema_editor):
    incident, alert = apps.get_model("incidents", "Incident"), apps.get_model("incidents", "Alert")
    evidence = apps.get_model("incidents", "AlertEvidence")
    for row in incident.objects.iterator(chunk_size=500):
        alerts = list(alert.objects.filter(incident=row).order_by("first_activity", "id").values(*FIELDS)[:1000])
        named = evidence.objects.filter(alert__incident=row)
        kinds = named.order_by().values_list("type", flat=True).distinct()
        row.facets = facets_of(alerts, sorted(kinds))
        row.detection_sources = list(dict.fromkeys(one["source"] or OWN for one in alerts))[:20]
        row.device_count = named.filter(type="device").order_by().values("key").distinct().count()
        row.save(update_fields=["facets", "detection_sources", "device_count"])


class Migration(migrations.Migration):
    dependencies = [("incidents", "0003_queue_and_notices")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
