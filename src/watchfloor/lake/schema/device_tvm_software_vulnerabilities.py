"""DeviceTvmSoftwareVulnerabilities: known vulnerabilities of the software on devices."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="DeviceTvmSoftwareVulnerabilities",
    description="Known vulnerabilities of the software on devices",
    columns=grid(
        "DeviceName SoftwareName SoftwareVersion CveId VulnerabilitySeverityLevel Timestamp",
        *shared(
            """
            DeviceId DeviceName OSPlatform OSVersion OSArchitecture SoftwareVendor SoftwareName SoftwareVersion
            """
        ),
        Column("CveId", T.STRING, "CVE number", "Cve ID"),
        Column(
            "VulnerabilitySeverityLevel", T.STRING, "How severe the vulnerability is", "Vulnerability severity level"
        ),
        Column("RecommendedSecurityUpdate", T.STRING, "Update that mends it", "Recommended security update"),
        Column("RecommendedSecurityUpdateId", T.STRING, "Id of that update", "Recommended security update ID"),
        Column("CveTags", T.DYNAMIC, "Tags of the CVE such as ZeroDay, a JSON list", "Cve tags"),
        Column("Timestamp", T.DATETIME, "When the inventory was taken", "Timestamp"),
    ),
    sort_column="DeviceId",
    bloom_column="CveId",
    permission=Permission.INCIDENT_READ,
    own=frozenset({"Timestamp"}),
)
