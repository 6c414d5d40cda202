"""Whether an address can be listened on, said in words."""

import os
import socket
import stat
from pathlib import Path


def may_replace(path: Path) -> bool:
    """Whether a listener may put its socket there: nothing is there, or a socket that an earlier one left.

    Anything else stays: settings are typed into a page, and listening must be no way to delete a file of this machine.
    """
    try:
        return stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return True


def cannot_listen(address: str) -> str:
    """Empty when the address can be listened on, or something (we, most likely) listens there already."""
    if address.startswith("/"):
        folder = Path(address).parent
        if not may_replace(Path(address)):
            return f"{address} is there already and is no socket"
        return "" if folder.is_dir() and os.access(folder, os.W_OK) else f"cannot make a socket in {folder}"
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        return f"“{address}” is neither host:port nor a path"
    try:
        with socket.create_connection((host, int(port)), timeout=1):
            return ""
    except OSError:
        pass
    try:
        with socket.create_server((host, int(port))):
            return ""
    except (OSError, OverflowError) as error:
        return f"cannot listen on {address}: {error}"
