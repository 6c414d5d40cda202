"""DeviceTvmSoftwareInventory: software found on devices."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="DeviceTvmSoftwareInventory",
    description="Software found on devices",
    columns=grid(
        "DeviceName SoftwareVendor SoftwareName SoftwareVersion EndOfSupportStatus Timestamp",
        *shared(
            """
            DeviceId DeviceName OSPlatform OSVersion OSArchitecture SoftwareVendor SoftwareName SoftwareVersion
            """
        ),
        Column("EndOfSupportStatus", T.STRING, "Whether the maker still supports it", "End of support status"),
        Column("EndOfSupportDate", T.DATETIME, "When support ends", "End of support date"),
        Column("ProductCodeCpe", T.STRING, "Name of the product as a CPE", "Product code cpe"),
        Column("Timestamp", T.DATETIME, "When the inventory was taken", "Timestamp"),
    ),
    sort_column="DeviceId",
    bloom_column="DeviceId",
    permission=Permission.INCIDENT_READ,
    own=frozenset({"Timestamp"}),
)
