"""`python -m labs.s3 PORT DELAY [unconditional]`: moto's S3 on 127.0.0.1, in the foreground."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

Start = Callable[..., object]
Environ = dict[str, object]


class Handler(WSGIRequestHandler):
    """Keeps connections open, as real stores do."""

    protocol_version = "HTTP/1.1"


def served(delay: float, *, conditional: bool) -> Callable[[Environ, Start], Iterable[bytes]]:
    """moto, slower or without conditional writes."""
    moto = DomainDispatcherApplication(create_backend_app)

    def answer(environ: Environ, start: Start) -> Iterable[bytes]:
        if not conditional:
            environ.pop("HTTP_IF_NONE_MATCH", None)
        time.sleep(delay)
        return moto(environ, start)

    return answer


def end_with(parent: int) -> None:
    """A test run that is killed cannot end its servers; this one ends by itself."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port, delay, *words = sys.argv[1:]
    app = served(float(delay), conditional="unconditional" not in words)
    make_server("127.0.0.1", int(port), app, threaded=True, request_handler=Handler).serve_forever()
