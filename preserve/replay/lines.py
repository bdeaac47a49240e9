"""The index as pywb asks for it: an HTTP server on the loopback address that answers with CDXJ lines.

pywb reads the index file itself as well, but answers a server-not-modified revisit with the empty 304 that it is;
here such a line points to the page that the 304 vouches for. Owns nothing of what a line says.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from preserve.errors import ArchiveError
from preserve.warc import replay_lines

LOOPBACK = "127.0.0.1"


@contextmanager
def serving_lines(directory: Path, report: Callable[[str], None]) -> Iterator[str]:
    """Serve the index of an archive for as long as the block lasts.

    Args:
        directory: the archive.
        report: is told what could not be read; called by other threads.

    Yields:
        The address to ask, without a query; `url` names the URL.
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
        asked = parse_qs(urlsplit(self.path).query)
        # A match by prefix is asked for where nothing was found: a guess, and no evidence.
        url = asked.get("url", [""])[0] if asked.get("matchType", ["exact"]) == ["exact"] else ""
        try:
            status, answer = 200, b"".join(replay_lines(self.archive, url)) if url else b""
        except ArchiveError as error:
            self.tell(str(error))
            status, answer = 500, b""
        self.send_response(status)
        self.send_header("Content-Type", "text/x-cdxj")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: pywb's own log has what was asked."""
