"""A server that counts whoever knocks, on TCP and UDP of 127.0.0.1."""

import socket
import threading
from types import TracebackType
from typing import Self


class Listening:
    """`knocks` are the first bytes of everything that came."""

    def __init__(self) -> None:
        self.knocks: list[bytes] = []
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._accept, self._receive)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        socket.create_connection(("127.0.0.1", self.port)).close()
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"end", ("127.0.0.1", self.port))
        for thread in self._threads:
            thread.join(5)
        self._tcp.close()
        self._udp.close()
        self.knocks = [one for one in self.knocks if one != b"end"][:-1] if b"" in self.knocks else self.knocks

    def _accept(self) -> None:
        while True:
            connection, _ = self._tcp.accept()
            with connection:
                connection.settimeout(1)
                try:
                    data = connection.recv(200)
                except OSError:
                    data = b"silent"
                self.knocks.append(data)
                if not data:
                    return
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def _receive(self) -> None:
        while True:
            data, _ = self._udp.recvfrom(200)
            self.knocks.append(data)
            if data == b"end":
                return
