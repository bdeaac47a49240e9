"""Time stamp authorities and calendars on loopback, for tests: `openssl ts` and a Merkle path behind real HTTP."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from fetch_kit import Kit

from preserve.fetch import HttpServices

TSA_CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/{name}.tsa-serial
signer_cert = {folder}/{name}.pem
signer_key = {folder}/{name}.key
certs = {folder}/ca.pem
signer_digest = sha256
default_policy = 1.3.6.1.4.1.55555.1
digests = {digests}
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[ca]
default_ca = root
[root]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
policy = anything
unique_subject = no
[anything]
commonName = supplied
[stamping]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
"""


def openssl(*words: str | Path) -> bytes:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class Authority:
    """A root of its own and signers under it; `root` is what those who trust it name."""

    def __init__(self, folder: Path, name: str = "Test Stamps Root") -> None:
        folder.mkdir(parents=True)
        self.folder, self.root = folder, folder / "ca.pem"
        (folder / "index.txt").write_text("")
        (folder / "serial").write_text("1000\n")
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650")
        openssl("req", "-x509", *curve, "-subj", f"/CN={name}", "-keyout", folder / "ca.key", "-out", self.root)

    def signer(self, name: str, *, rsa: bool = False, ended: timedelta | None = None, digests: str = "sha256") -> Path:
        """The configuration of a signer; `ended` ago its certificate ran out."""
        folder = self.folder
        config = folder / f"{name}.cnf"
        config.write_text(TSA_CONFIG.format(folder=folder, name=name, digests=digests))
        (folder / f"{name}.tsa-serial").write_text("01\n")
        kind = ("rsa:2048",) if rsa else ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        key, request = folder / f"{name}.key", folder / f"{name}.csr"
        openssl("req", "-new", "-newkey", *kind, "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        end = datetime.now(UTC) - ended if ended else datetime.now(UTC) + timedelta(days=3000)
        dates = ("-startdate", "20200101000000Z", "-enddate", f"{end:%Y%m%d%H%M%SZ}")
        made = ("-extensions", "stamping", "-in", request, "-out", folder / f"{name}.pem")
        openssl("ca", "-batch", "-notext", "-config", config, *dates, *made)
        return config


def reply(config: Path, query: bytes) -> bytes:
    """What `openssl ts` answers to a query."""
    asked = config.with_name(f"{threading.get_ident()}.tsq")
    asked.write_bytes(query)
    return openssl("ts", "-reply", "-config", config, "-queryfile", asked)


class StampServer:
    """Authorities under `/tsa/<signer>` and a calendar under `/calendar`, on loopback.

    Attributes:
        signers: configuration by name.
        heights: by commitment, the Bitcoin block that the calendar has for it; without one it still waits.
        asked: method, path, and body of each request.
        headers: of each request.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.signers: dict[str, Path] = {}
        self.heights: dict[bytes, int] = {}
        self.block_for_all: int | None = None
        self.asked: list[tuple[str, str, bytes]] = []
        self.headers: list[dict[str, str]] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def url(self, path: str) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}{path}"

    @property
    def calendar(self) -> str:
        return self.url("/calendar")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes]:
        parts = path.split("/")
        if method == "POST" and path.startswith("/tsa/") and parts[2] in self.signers:
            return 200, "application/timestamp-reply", reply(self.signers[parts[2]], body)
        if method == "POST" and path == "/calendar/digest":
            return 200, "application/vnd.opentimestamps.v1", promise(body, self.calendar)
        if method == "GET" and path.startswith("/calendar/timestamp/"):
            commitment = bytes.fromhex(parts[3])
            height = self.heights.get(commitment, self.block_for_all)
            if height is not None:
                return 200, "application/vnd.opentimestamps.v1", kept(commitment, height)
        return 404, "text/plain", b"not found"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.respond(self.rfile.read(int(self.headers["Content-Length"])))

            def do_GET(self) -> None:
                self.respond(b"")

            def respond(self, body: bytes) -> None:
                with server._lock:
                    server.asked.append((self.command, self.path, body))
                    server.headers.append(dict(self.headers))
                    status, kind, data = server.answer(self.command, self.path, body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def services(**settings: object) -> HttpServices:
    """Services as they are asked by default: no network is allowed that is not public."""
    kit = Kit(**{"allow_private": (), **settings})  # type: ignore[arg-type]
    return HttpServices(kit.settings, kit.tools)


# ---------------------------------------------------------------- the calendar's answers, byte by byte


def varint(value: int) -> bytes:
    digits = []
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])


def attestation(tag: str, payload: bytes) -> bytes:
    return b"\x00" + bytes.fromhex(tag) + varint(len(payload)) + payload


def pending(uri: str) -> bytes:
    return attestation("83dfe30d2ef90c8e", varint(len(uri)) + uri.encode())


def block(height: int) -> bytes:
    return attestation("0588960d73d71901", varint(height))


def append(data: bytes) -> bytes:
    return b"\xf0" + varint(len(data)) + data


def promise(digest: bytes, uri: str) -> bytes:
    """What a calendar answers to a digest: it was hashed with others, and is to be asked for by the result."""
    return append(sha256(b"others" + digest).digest()) + b"\x08" + pending(uri)


def committed(digest: bytes) -> bytes:
    """The commitment that `promise` leads to."""
    return sha256(digest + sha256(b"others" + digest).digest()).digest()


def kept(commitment: bytes, height: int) -> bytes:
    """What a calendar has once a commitment is in a block."""
    return append(b"transaction") + b"\x08" + b"\x08" + block(height)


# ---------------------------------------------------------------- DER, to forge with


def tlv(tag: int, parts: Sequence[bytes]) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
