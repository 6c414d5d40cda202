"""What each process loads at its start: the portal's first page must not wait for what only the worker needs."""

import json
import os
import subprocess
import sys

HEAVY = ("dbos", "sqlalchemy", "zxingcpp", "pdfplumber", "aiosmtpd", "imapclient")
LOADED = f"""
import json, sys
import django
django.setup()
import watchfloor.config.urls
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""


def test_the_portal_starts_without_what_only_the_worker_needs(tmp_path):
    environ = {
        **os.environ,
        "WATCHFLOOR_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings",
    }
    done = subprocess.run([sys.executable, "-c", LOADED], env=environ, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
