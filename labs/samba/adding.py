"""Run by Debian's own Python, which has Samba's modules: add entries of an LDIF file to a domain whose server does not run.

python3 adding.py SMB_CONF SAM_LDB FILE.ldif
"""

import sys
from pathlib import Path

from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

conf, database, ldif = sys.argv[1:]
settings = LoadParm()
settings.load(conf)
domain = SamDB(url=database, session_info=system_session(), lp=settings)
domain.transaction_start()
domain.add_ldif(Path(ldif).read_text())
domain.transaction_commit()
