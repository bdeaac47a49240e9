"""A time stamp token's own signature: who signed it, and whether the signature holds. Trusts nobody.

The signer's certificate comes with the token, so that a signature which holds says only that whoever holds that
certificate's key made it; who that is, a root that the reader trusts has to tell (`preserve.stamps.authority`).

Sources: RFC 5652, section 5 (signed data), RFC 3161, section 2.4.2, and RFC 5816 (the signer's certificate is named
inside the signature).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from preserve.stamps import der

_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
_RSA: Final = "1.2.840.113549.1.1."
_RSA_PSS: Final = "1.2.840.113549.1.1.10"
_HASHES: Final[Mapping[str, type[hashes.HashAlgorithm]]] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256,
    "2.16.840.1.101.3.4.2.2": hashes.SHA384,
    "2.16.840.1.101.3.4.2.3": hashes.SHA512,
}
# Signature algorithms that name their hash (RFC 8017, appendix C; RFC 5758, section 3.2).
_SIGNATURES: Final[Mapping[str, type[hashes.HashAlgorithm]]] = {
    "1.2.840.113549.1.1.11": hashes.SHA256,
    "1.2.840.113549.1.1.12": hashes.SHA384,
    "1.2.840.113549.1.1.13": hashes.SHA512,
    "1.2.840.10045.4.3.2": hashes.SHA256,
    "1.2.840.10045.4.3.3": hashes.SHA384,
    "1.2.840.10045.4.3.4": hashes.SHA512,
}
_CHAIN_AT_MOST: Final = 10

# What a certificate that is none, or an odd one, makes the library raise beside ValueError.
UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token taken apart; nothing is checked.

    Attributes:
        content: the TSTInfo that is signed, DER.
        certificates: that came with it.
        issuer, serial: name the signer's certificate.
        digest, signing: object identifiers of the hash and the signature algorithm.
        signed: the signed attributes as they are hashed.
        attributes: the values of each, by object identifier.
        signature: over `signed`.
    """

    content: bytes
    certificates: tuple[x509.Certificate, ...]
    issuer: bytes
    serial: int
    digest: str
    signing: str
    signed: bytes
    attributes: Mapping[str, tuple[der.Item, ...]]
    signature: bytes


def parse_token(response: bytes) -> Token:
    """The token in an authority's response.

    Raises:
        ValueError: there is none in it, or it has not one signature.
    """
    content_info = _content_info(response)
    if der.oid(content_info.part(0, der.OBJECT_IDENTIFIER)) != _SIGNED_DATA:
        raise ValueError("the token is no signed data")
    parts = content_info.part(1, der.CONTEXT_0).part(0, der.SEQUENCE).parts()
    if len(parts) < 4 or parts[2].tag != der.SEQUENCE or parts[-1].tag != der.SET:
        raise ValueError("the signed data is not made as RFC 5652 has it")
    held, signers = parts[2], parts[-1].parts()
    if der.oid(held.part(0, der.OBJECT_IDENTIFIER)) != _TST_INFO:
        raise ValueError("what is signed is no time stamp")
    if len(signers) != 1:
        raise ValueError(f"it has {len(signers)} signatures, and a time stamp has one")
    wrapped = parts[3].parts() if parts[3].tag == der.CONTEXT_0 else ()
    certificates = tuple(x509.load_der_x509_certificate(item.whole) for item in wrapped if item.tag == der.SEQUENCE)
    signer = signers[0]
    name, attributes = signer.part(1, der.SEQUENCE), signer.part(3, der.CONTEXT_0)
    return Token(
        content=held.part(1, der.CONTEXT_0).part(0, der.OCTET_STRING).content,
        certificates=certificates,
        issuer=name.part(0, der.SEQUENCE).whole,
        serial=int.from_bytes(name.part(1, der.INTEGER).content, "big", signed=True),
        digest=der.oid(signer.part(2, der.SEQUENCE).part(0, der.OBJECT_IDENTIFIER)),
        signing=der.oid(signer.part(4, der.SEQUENCE).part(0, der.OBJECT_IDENTIFIER)),
        signed=bytes([der.SET]) + attributes.whole[1:],  # RFC 5652, section 5.4
        attributes={
            der.oid(item.part(0, der.OBJECT_IDENTIFIER)): item.part(1, der.SET).parts() for item in attributes.parts()
        },
        signature=signer.part(5, der.OCTET_STRING).content,
    )


def in_order(response: bytes) -> bytes:
    """The response with the token's certificates sorted as DER has a set (X.690, section 11.6).

    OpenSSL, and the authorities that run it, leave them in the order they were added; they are not signed over.

    Raises:
        ValueError: it is not made as `parse_token` wants it.
    """
    content_info = _content_info(response)
    status = der.parse(response).part(0, der.SEQUENCE)
    kind, wrapped = content_info.part(0, der.OBJECT_IDENTIFIER), content_info.part(1, der.CONTEXT_0)
    parts = [item.whole for item in wrapped.part(0, der.SEQUENCE).parts()]
    for index, item in enumerate(wrapped.part(0, der.SEQUENCE).parts()):
        if item.tag == der.CONTEXT_0:
            parts[index] = der.encode(item.tag, b"".join(sorted(one.whole for one in item.parts())))
    signed_data = der.encode(der.CONTEXT_0, der.encode(der.SEQUENCE, b"".join(parts)))
    return der.encode(der.SEQUENCE, status.whole + der.encode(der.SEQUENCE, kind.whole + signed_data))


def check_signature(token: Token, at: datetime) -> x509.Certificate:
    """The certificate of whoever signed, when the signature holds.

    Args:
        token: taken apart.
        at: the stamped time, at which the certificate must have been valid.

    Raises:
        ValueError: it does not hold; the message says why.
    """
    if der.oid(_only(token, _CONTENT_TYPE)) != _TST_INFO:
        raise ValueError("the signature is over something else than a time stamp")
    hashed = _hash(token.digest)
    if _only(token, _MESSAGE_DIGEST).content != _digest(hashed, token.content):
        raise ValueError("what was signed is not what the token says")
    signer = _signer(token)
    _check_named(token, signer)
    _check_use(signer, at)
    _verify(signer, token, hashed)
    return signer


def chain_top(signer: x509.Certificate, others: Sequence[x509.Certificate]) -> x509.Certificate:
    """The certificate that the signer's leads up to among those that came with it, each signed by the next.

    Raises:
        ValueError: one that is named as issuer did not sign.
    """
    here = signer
    for _ in range(_CHAIN_AT_MOST):
        issuers = [one for one in others if one.subject == here.issuer and one != here]
        if not issuers:
            break
        signed = next((one for one in issuers if _issued(one, here)), None)
        if signed is None:
            raise ValueError(f"{name_of(here)} was not signed by the {name_of(issuers[0])} that came with it")
        here = signed
    return here


def name_of(certificate: x509.Certificate) -> str:
    """What people call a certificate's owner."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def _content_info(response: bytes) -> der.Item:
    whole = der.parse(response)
    if whole.tag != der.SEQUENCE or len(whole.parts()) != 2:
        raise ValueError("it is not a status and a token")
    return whole.part(1, der.SEQUENCE)


def _signer(token: Token) -> x509.Certificate:
    for one in token.certificates:
        if one.serial_number == token.serial and one.issuer.public_bytes() == token.issuer:
            return one
    raise ValueError("the signer's certificate did not come with it")


def _check_named(token: Token, signer: x509.Certificate) -> None:
    """The certificate must be the one the signature itself names, or another of the same number could stand in."""
    encoded = signer.public_bytes(Encoding.DER)
    if _SIGNING_CERTIFICATE_V2 in token.attributes:
        first = _only(token, _SIGNING_CERTIFICATE_V2).part(0, der.SEQUENCE).part(0, der.SEQUENCE)
        parts = first.parts()
        named = bool(parts) and parts[0].tag == der.SEQUENCE  # left out, the hash is SHA-256
        algorithm = _hash(der.oid(parts[0].part(0, der.OBJECT_IDENTIFIER))) if named else hashes.SHA256()
        found = first.part(1 if named else 0, der.OCTET_STRING).content
    elif _SIGNING_CERTIFICATE in token.attributes:
        first = _only(token, _SIGNING_CERTIFICATE).part(0, der.SEQUENCE).part(0, der.SEQUENCE)
        algorithm, found = hashes.SHA1(), first.part(0, der.OCTET_STRING).content  # noqa: S303 - RFC 2634 knows no other
    else:
        raise ValueError("the signature does not name its certificate")
    if found != _digest(algorithm, encoded):
        raise ValueError("the signature names another certificate than the one that came with it")


def _check_use(signer: x509.Certificate, at: datetime) -> None:
    """RFC 3161, section 2.3: the key must be for time stamps and nothing else."""
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        usage = None
    if usage is None or not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise ValueError(f"the certificate of {name_of(signer)} is not one for time stamps alone")
    if not signer.not_valid_before_utc <= at <= signer.not_valid_after_utc:
        raise ValueError(
            f"the certificate of {name_of(signer)} was not valid at the stamped time, {at:%Y-%m-%d %H:%M:%S} UTC"
        )


def _verify(signer: x509.Certificate, token: Token, hashed: hashes.HashAlgorithm) -> None:
    key = signer.public_key()
    named = _SIGNATURES.get(token.signing)
    algorithm = hashed if named is None else named()
    try:
        if isinstance(key, rsa.RSAPublicKey) and token.signing.startswith(_RSA) and token.signing != _RSA_PSS:
            key.verify(token.signature, token.signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and named is not None:
            key.verify(token.signature, token.signed, ec.ECDSA(algorithm))
        else:
            raise ValueError(f"it is signed in a way that is not known here ({token.signing})")
    except InvalidSignature:
        raise ValueError(f"the signature of {name_of(signer)} does not hold") from None


def _issued(issuer: x509.Certificate, issued: x509.Certificate) -> bool:
    try:
        issued.verify_directly_issued_by(issuer)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


def _only(token: Token, attribute: str) -> der.Item:
    values = token.attributes.get(attribute, ())
    if len(values) != 1:
        raise ValueError(f"the signature has {len(values)} values of the attribute {attribute}, and needs one")
    return values[0]


def _hash(identifier: str) -> hashes.HashAlgorithm:
    known = _HASHES.get(identifier)
    if known is None:
        raise ValueError(f"it uses a hash that is not trusted or not known here ({identifier})")
    return known()


def _digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    hasher = hashes.Hash(algorithm)
    hasher.update(data)
    return hasher.finalize()
