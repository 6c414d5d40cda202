"""Far more downloads in an hour than this person and colleagues ever make."""

from watchfloor.identities.scoring.activity import Kind
from watchfloor.identities.scoring.amounts import unusual_amount
from watchfloor.identities.scoring.signal import Signal

SIGNAL = Signal(
    key="mass_download",
    title="Mass download",
    weight=30,
    words="{number} files downloaded within the hour; {usual}",
    needs="File activities (downloads, synchronisation) of cloud storage",
    look=unusual_amount("download", "File downloaded", least=30),
    on=(Kind.ACTION,),
    techniques=("T1530", "T1213"),
)
