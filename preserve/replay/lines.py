"""The index as pywb asks for it: an HTTP server on the loopback address that answers with CDXJ lines, and with
stretches of WARC files that lie in a storage, which pywb itself could not open.

pywb reads the index file itself as well, but answers a server-not-modified revisit with the empty 304 that it is;
here such a line points to the page that the 304 vouches for. Owns nothing of what a line says.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from preserve.errors import ArchiveError
from preserve.warc import replay_lines
from preserve.warc.places import opened
from preserve.warc.stored import stored_names
from preserve.warc.streams import size_of

LOOPBACK = "127.0.0.1"
WARCS = "warcs/"
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{1,18})", re.ASCII)
_PIECE = 1 << 20


@contextmanager
def serving_lines(directory: Path, report: Callable[[str], None]) -> Iterator[str]:
    """Serve the index of an archive for as long as the block lasts.

    Args:
        directory: the archive.
        report: is told what could not be read; called by other threads.

    Yields:
        The address to ask, without a query; `url` names the URL. Below `WARCS` there are the stored files, by name.
    """

    class Handler(_LinesHandler):
        archive = directory
        tell = staticmethod(report)

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


class _LinesHandler(BaseHTTPRequestHandler):
    archive: Path
    tell: Callable[[str], None]
    timeout = 30

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/" + WARCS):
            self._stretch(unquote(path.removeprefix("/" + WARCS)))
        else:
            self._lines()

    def _stretch(self, name: str) -> None:
        """What of a stored file is asked for; one that is not noted as stored is not there, whatever its name."""
        found = _RANGE.fullmatch(self.headers.get("Range", ""))
        try:
            if found is None or name not in stored_names(self.archive):
                self.send_error(404)
                return
            start, end = int(found[1]), int(found[2]) + 1
            with opened(self.archive / name, start, end) as stream:
                end = min(end, size_of(stream))
                stream.seek(start)
                piece = stream.read(min(_PIECE, max(end - start, 0)))
                self._answer(206, "application/warc", max(end - start, 0))
                while piece:
                    self.wfile.write(piece)
                    start += len(piece)
                    piece = stream.read(min(_PIECE, end - start)) if start < end else b""
        except ArchiveError as error:
            self.tell(str(error))
            self.close_connection = True  # without an answer, or in the midst of one: pywb sees that it broke off

    def _lines(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        # A match by prefix is asked for where nothing was found: a guess, and no evidence.
        url = asked.get("url", [""])[0] if asked.get("matchType", ["exact"]) == ["exact"] else ""
        try:
            status, answer = 200, b"".join(replay_lines(self.archive, url)) if url else b""
        except ArchiveError as error:
            self.tell(str(error))
            status, answer = 500, b""
        self._answer(status, "text/x-cdxj", len(answer))
        self.wfile.write(answer)

    def _answer(self, status: int, kind: str, size: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: pywb's own log has what was asked."""
