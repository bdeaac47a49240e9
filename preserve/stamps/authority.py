"""Time stamps by authorities (RFC 3161): what is asked, and what a response proves.

The one place that knows `rfc3161_client`. How a token is signed is `preserve.stamps.tokens`'s; nothing is sent here.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning

from preserve.errors import ConfigError
from preserve.stamps import der
from preserve.stamps.tokens import UNREADABLE, chain_top, check_signature, in_order, name_of, parse_token
from preserve.stamps.values import StampKind, StampResult

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

QUERY_TYPE: Final = "application/timestamp-query"
REPLY_TYPE: Final = "application/timestamp-reply"
_SHA256: Final = "2.16.840.1.101.3.4.2.1"
# RFC 3161, section 2.4.2.
_STATUS: Final = (
    "granted",
    "granted with modifications",
    "rejected",
    "to be waited for",
    "granted with a warning of revocation",
    "refused, its certificate being revoked",
)

Roots = Sequence[bytes]
"""Certificates that the reader trusts, DER."""


@dataclass(frozen=True, slots=True)
class Query:
    """What an authority is sent, and the number that its answer must repeat."""

    body: bytes
    nonce: int | None


def make_query(note: bytes) -> Query:
    """Ask for a stamp of these bytes: SHA-256, a fresh nonce, the signer's certificate to come along."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder  # noqa: PLC0415 - only where stamps are

    request = TimestampRequestBuilder().data(note).hash_algorithm(HashAlgorithm.SHA256).cert_request(cert_request=True)
    built = request.nonce(nonce=True).build()
    return Query(built.as_bytes(), built.nonce)


def read_roots(files: Iterable[str]) -> Roots:
    """The certificates in PEM files.

    Raises:
        ConfigError: one can't be read, or holds none.
    """
    found: list[bytes] = []
    for file in files:
        try:
            with _odd_certificates():
                read = x509.load_pem_x509_certificates(Path(file).read_bytes())
            found += (one.public_bytes(Encoding.DER) for one in read)
        except OSError as error:
            raise ConfigError(f"timestamp-roots: {file}: can't be read: {error.strerror}") from error
        except UNREADABLE as error:
            raise ConfigError(f"timestamp-roots: {file}: holds no certificates in PEM form: {error}") from error
    return tuple(found)


def verify_response(response: bytes, note: bytes, roots: Roots, nonce: int | None = None) -> StampResult:
    """What an authority's response says of these bytes.

    Args:
        response: TimeStampResp, DER.
        note: a checkpoint's file.
        roots: to trace the signer to; without any only its own certificate is used.
        nonce: that was asked with, where the response has just come.
    """
    try:
        with _odd_certificates():
            return _verified(response, note, roots, nonce)
    except UNREADABLE as error:
        return StampResult(StampKind.RFC3161, problem=f"it is no time stamp as RFC 3161 has it: {_line(error)}")


@contextmanager
def _odd_certificates() -> Iterator[None]:
    """Without the library's warnings of certificates that are not as they should be: whether one counts is decided."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        yield


def _verified(response: bytes, note: bytes, roots: Roots, nonce: int | None) -> StampResult:
    from rfc3161_client import decode_timestamp_response  # noqa: PLC0415 - only where stamps are

    granted = len(der.parse(response).parts()) > 1
    read = decode_timestamp_response(in_order(response) if granted else response)
    if read.status != 0 or not granted:
        status = _STATUS[read.status] if read.status < len(_STATUS) else str(read.status)
        said = "; ".join(map(str, read.status_string))
        return _bad(f"the authority's answer was: {status}" + (f" ({_line(said)})" if said else ""))
    info = read.tst_info
    imprint = info.message_imprint
    if imprint.hash_algorithm.dotted_string != _SHA256 or imprint.message != sha256(note).digest():
        return _bad("it stamps something else than this checkpoint")
    if nonce is not None and info.nonce != nonce:
        return _bad("it is not the answer to what was asked: its nonce is another")
    time = info.gen_time
    token = parse_token(response)
    try:
        signer = check_signature(token, time)
        top = chain_top(signer, token.certificates)
    except ValueError as error:
        return _bad(_line(error))
    why = _untraced(read, roots)
    if roots and why:
        problem = f"its signer, {name_of(signer)} under {name_of(top)}, is not traced to a root you named: {why}"
        return StampResult(StampKind.RFC3161, problem, name_of(signer), time)
    return StampResult(StampKind.RFC3161, by=name_of(signer), time=time, traced=bool(roots))


def _untraced(read: TimeStampResponse, roots: Roots) -> str:
    """Why the signer is not traced to one of these; "" when it is."""
    from rfc3161_client import VerificationError, VerifierBuilder  # noqa: PLC0415 - only where stamps are

    if not roots:
        return "there is none"
    builder = VerifierBuilder(roots=[x509.load_der_x509_certificate(root) for root in roots])
    try:
        builder.build().verify(read, read.tst_info.message_imprint.message)
    except VerificationError as error:
        return _reason(str(error))
    return ""


def _reason(text: str) -> str:
    """OpenSSL's own words out of a stack of errors, where there are any."""
    _, found, rest = text.rpartition("Verify error: ")
    return _line(rest.partition('"')[0] if found else text)


def _bad(problem: str) -> StampResult:
    return StampResult(StampKind.RFC3161, problem)


def _line(text: object) -> str:
    return " ".join(str(text).split())[:200]
