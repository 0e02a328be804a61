"""Requests and answers on the loopback address: files of the page, songs as JSON, sound in ranges, news as they come.

Nobody but this machine is answered, nothing can be changed from here, and the names in a path are only ever looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from scorekit.server.view import Sound

STATIC = Path(__file__).parent / "static"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HEARTBEAT = 10.0
"""Seconds between signs of life on a line of news."""
TRIES = 20
"""Ports that are tried, one after the other."""
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Source(Protocol):
    """What is served."""

    boot: str

    def news(self, seen: int, timeout: float) -> tuple[int, str] | None: ...
    def page(self, name: str) -> bytes | None: ...
    def sound(self, name: str, version: int | None = None) -> Sound | None: ...


class Server(ThreadingHTTPServer):
    """The server, on the wanted port or the next free one."""

    daemon_threads = True

    def __init__(self, port: int, source: Source) -> None:
        self.source = source
        for wanted in [*range(port, min(port + TRIES, 65_536)), 0]:
            try:
                super().__init__(("127.0.0.1", wanted), Answer)
                return
            except OSError:
                if not wanted:
                    raise

    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader who went away is no news."""


class Answer(BaseHTTPRequestHandler):
    """One request after another of one reader."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Answers a request."""
        if not self._own():
            self._say(HTTPStatus.FORBIDDEN, b"this page is for this machine only\n")
            return
        path = unquote(urlsplit(self.path).path)
        for pattern, answer in ROUTES:
            if found := re.fullmatch(pattern, path):
                with suppress(ConnectionError, TimeoutError):
                    answer(self, *found.groups())
                return
        self._say(HTTPStatus.NOT_FOUND, b"there is no such page\n")

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: the terminal belongs to the watch."""

    def _own(self) -> bool:
        """Whether the page was asked for by its own address: names of elsewhere that lead here are refused."""
        names = {f"{name}:{self.server.server_port}" for name in ("127.0.0.1", "localhost")}
        origin = self.headers.get("Origin")
        return self.headers.get("Host", "") in names and (origin is None or origin.removeprefix("http://") in names)

    def _say(self, status: HTTPStatus, body: bytes, kind: str = "text/plain; charset=utf-8", **more: str) -> None:
        self.send_response(status)
        for name, value in {**_SAFE, "Content-Type": kind, "Content-Length": str(len(body)), **more}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    # -- what there is

    def file(self, name: str = "index.html") -> None:
        """A file of the page."""
        path = STATIC / name
        if path.suffix not in KINDS or not path.is_file():
            self._say(HTTPStatus.NOT_FOUND, b"there is no such file\n")
            return
        self._say(HTTPStatus.OK, path.read_bytes(), f"{KINDS[path.suffix]}; charset=utf-8")

    def song(self, name: str) -> None:
        """The newest version of a song."""
        page = self.server.source.page(name)
        if page is None:
            self._say(HTTPStatus.NOT_FOUND, b"there is no such song\n")
        else:
            self._say(HTTPStatus.OK, page, "application/json")

    def peaks(self, name: str, version: str) -> None:
        """The outline of its sound."""
        self._sound(name, version, lambda sound: sound.peaks(), "application/octet-stream")

    def piece(self, name: str, version: str, first: str, last: str) -> None:
        """Some samples of its mix."""
        self._sound(name, version, lambda sound: sound.mix(int(first), int(last)))

    def stems(self, name: str, version: str, number: str) -> None:
        """A chunk of its parts."""
        self._sound(name, version, lambda sound: sound.stems(int(number)))

    def _sound(self, name: str, version: str, made: Callable[[Sound], bytes], kind: str = "audio/wav") -> None:
        sound = self.server.source.sound(name, int(version))
        body = made(sound) if sound else b""
        self._say(HTTPStatus.OK if body else HTTPStatus.NOT_FOUND, body, kind)

    def whole(self, name: str) -> None:
        """The WAV file, or a range of it."""
        sound = self.server.source.sound(name)
        if sound is None:
            self._say(HTTPStatus.NOT_FOUND, b"there is no sound yet\n")
            return
        size = len(sound.wav)
        span = wanted(self.headers.get("Range", ""), size)
        if span is None:
            self._say(HTTPStatus.OK, sound.wav, "audio/wav", Accept_Ranges="bytes")
        elif span[0] >= span[1]:
            self._say(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"", Content_Range=f"bytes */{size}")
        else:
            a, b = span
            self._say(
                HTTPStatus.PARTIAL_CONTENT, sound.wav[a:b], "audio/wav", Accept_Ranges="bytes",
                Content_Range=f"bytes {a}-{b - 1}/{size}",
            )  # fmt: skip

    def news(self) -> None:
        """News as they come, on a line that stays open."""
        self.send_response(HTTPStatus.OK)
        for name, value in {**_SAFE, "Content-Type": "text/event-stream", "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        seen = -1
        while True:
            found = self.server.source.news(seen, HEARTBEAT)
            if found is None:
                self.wfile.write(b": still here\n\n")
            else:
                seen = found[0]
                self.wfile.write(f"retry: 500\nid: {seen}\ndata: {found[1]}\n\n".encode())


def wanted(header: str, size: int) -> tuple[int, int] | None:
    """First and after-last byte of a Range header; None for the whole, an empty span for one that cannot be had."""
    found = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", header.strip())
    if not found or found[1] == found[2] == "":
        return None
    if not found[1]:
        return max(size - int(found[2]), 0), size
    first = int(found[1])
    return first, min(int(found[2]) + 1, size) if found[2] else size


_SONG, _NUMBER = r"([^/.]{1,80})", r"([0-9]{1,10})"
ROUTES: tuple[tuple[str, Callable[..., None]], ...] = (
    (r"/", Answer.file),
    (r"/static/([a-z]+\.[a-z]+)", Answer.file),
    (r"/news", Answer.news),
    (rf"/songs/{_SONG}", Answer.song),
    (rf"/songs/{_SONG}/{_NUMBER}/peaks", Answer.peaks),
    (rf"/songs/{_SONG}/{_NUMBER}/mix/{_NUMBER}-{_NUMBER}", Answer.piece),
    (rf"/songs/{_SONG}/{_NUMBER}/stems/{_NUMBER}", Answer.stems),
    (rf"/songs/{_SONG}\.wav", Answer.whole),
)
