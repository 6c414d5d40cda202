"""Whether an address can be listened on, said in words."""

import os
import socket
from pathlib import Path


def cannot_listen(address: str) -> str:
    """Empty when the address can be listened on, or something (we, most likely) listens there already."""
    if address.startswith("/"):
        folder = Path(address).parent
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
