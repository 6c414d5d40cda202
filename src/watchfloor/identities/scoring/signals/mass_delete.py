"""Far more deletions in an hour than this person and colleagues ever make."""

from watchfloor.identities.scoring.activity import Kind
from watchfloor.identities.scoring.amounts import unusual_amount
from watchfloor.identities.scoring.signal import Signal

SIGNAL = Signal(
    key="mass_delete",
    title="Mass deletion",
    weight=30,
    words="{number} files or mails deleted within the hour; {usual}",
    needs="Deletions in mailboxes and cloud storage",
    look=unusual_amount("delete", "Deleted", least=50),
    on=(Kind.ACTION,),
    techniques=("T1485", "T1070.008"),
)
