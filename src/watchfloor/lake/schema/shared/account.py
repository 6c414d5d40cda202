"""Accounts and where they come from: the columns tables share."""

from watchfloor.lake.contracts import Column
from watchfloor.lake.contracts import ColumnType as T

COLUMNS = (
    Column("IPAddress", T.STRING, "Address it came from", "IP address", folded=True),
    Column("AccountName", T.STRING, "Name of the account", "Account name"),
    Column("AccountDomain", T.STRING, "Domain of the account", "Account domain"),
    Column("AccountUpn", T.STRING, "Address the account signs in with", "Account UPN", folded=True),
    Column("AccountSid", T.STRING, "SID of the account", "Account SID"),
    Column("AccountObjectId", T.STRING, "Directory id of the account", "Account object ID"),
    Column("AccountDisplayName", T.STRING, "Name of the account as people see it", "Account display name"),
    Column("Location", T.STRING, "Where the address is taken to be", "Location"),
    Column("Isp", T.STRING, "Internet provider of the address", "ISP"),
    Column("City", T.STRING, "City the address is taken to be in", "City"),
    Column("Country", T.STRING, "Country the address is taken to be in", "Country"),
    Column("State", T.STRING, "State or region the address is taken to be in", "State"),
    Column("UserAgent", T.STRING, "What the client says it is", "User agent"),
    Column("DestinationDeviceName", T.STRING, "Server that answered", "Destination device name"),
    Column(
        "DestinationIPAddress", T.STRING, "Address of the server that answered", "Destination IP address", folded=True
    ),
    Column("DestinationPort", T.INT, "Port of the server that answered", "Destination port"),
    Column("TargetDeviceName", T.STRING, "Device it was done to", "Target device name"),
    Column("TargetAccountDisplayName", T.STRING, "Name of the account it was done to", "Target account display name"),
)
