"""Answers for the emulated services on localhost, to any AWS tool outside this process."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from preflight.errors import Unavailable

Page = Callable[[str], Any]
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
Front = Callable[[Wsgi], Wsgi]


class Server:
    """moto's server on loopback, in a thread of this process, so that both see the same backends.

    Not moto's own ThreadedMotoServer: that one hangs when its port is taken, and leaves its socket open.
    """

    def __init__(self, port: int = 0, pages: Mapping[str, Page] | None = None, web: Front | None = None) -> None:
        """Listen on this port of localhost, or on a free one for 0; raises Unavailable when it is taken.

        `pages` answer paths of our own with JSON: each is called with what follows its path. `web` stands in front of
        all: it answers the hosts it knows.
        """
        listening = _listen(port)
        self.url = f"http://localhost:{listening.getsockname()[1]}"
        self._server = _make_server(listening, pages or {}, web)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; calls under way are abandoned."""
        self._server.shutdown()
        self._thread.join(2)
        self._server.server_close()


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform != "win32":
        # elsewhere this only skips the wait for old connections; there it would share the port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise Unavailable(
            f"Port {port} of localhost cannot be used ({getattr(error, 'strerror', None) or error}); "
            "let a free one be chosen with ./lab cloud serve --port 0"
        ) from error
    listening.listen(128)
    return listening


def _make_server(listening: socket.socket, pages: Mapping[str, Page], web: Front | None) -> Any:
    from moto.moto_server import werkzeug_app
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    # moto prints advice for its own developers; sys.stdout is everybody's, and is left alone
    vars(werkzeug_app)["print"] = lambda *_, **__: None

    class Quiet(MotoRequestHandler):  # type: ignore[misc]
        def log(self, type: str, message: str, *args: Any) -> None:
            pass

    class Dispatcher(DomainDispatcherApplication):  # type: ignore[misc]
        def get_backend_for_host(self, host: str | None) -> Any:
            backend = super().get_backend_for_host(host)
            if backend is None and host is not None and "amazonaws.com" in host:
                raise NotImplementedError(f"{host.partition('.')[0]} is not emulated")
            return backend

    host, port = listening.getsockname()
    app = _with_pages(_saying_what_is_missing(Dispatcher(create_backend_app)), pages)
    app = web(app) if web is not None else app
    server = make_server(host, port, app, threaded=True, request_handler=Quiet, fd=listening.fileno())
    server.log = lambda *_: None
    # the server works on a copy of the descriptor
    listening.close()
    return server


def _with_pages(app: Wsgi, pages: Mapping[str, Page]) -> Wsgi:
    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        for path, page in pages.items():
            asked = str(environ.get("PATH_INFO", ""))
            if asked.startswith(f"{path}/"):
                body = json.dumps(page(asked[len(path) + 1 :])).encode()
                start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
                return [body]
        return app(environ, start_response)

    return answer


def _saying_what_is_missing(app: Wsgi) -> Wsgi:
    """A call moto does not have, or breaks at, is answered as an error that tools can read, not by a page of HTML."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except NotImplementedError as error:
            status, code, message = "501 Not Implemented", "NotImplemented", str(error)
        except Exception as error:  # whatever it is, whoever asked is told
            status, code = "500 Internal Server Error", "InternalFailure"
            message = f"The offline cloud broke at this call: {type(error).__name__}: {error}"
        content_type, body = _error(environ, code, message)
        told = [("Content-Type", content_type), ("Content-Length", str(len(body))), ("x-amzn-ErrorType", code)]
        start_response(status, told)
        return [body]

    return answer


def _error(environ: dict[str, Any], code: str, message: str) -> tuple[str, bytes]:
    asked_in = str(environ.get("CONTENT_TYPE", ""))
    if "json" in asked_in or "HTTP_X_AMZ_TARGET" in environ:
        return "application/json", json.dumps({"__type": code, "message": message}).encode()
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    by_query = asked_in.startswith("application/x-www-form-urlencoded")
    return "text/xml", (f"<ErrorResponse>{error}</ErrorResponse>" if by_query else error).encode()
