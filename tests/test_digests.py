"""Digests are labelled, spelled one way, and read in every way others write them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preserve.digests import digest, file_digest, matches, parse_digest
from preserve.settings import DigestAlgorithm

SHA1, SHA256 = DigestAlgorithm.SHA1, DigestAlgorithm.SHA256


def test_known_values() -> None:
    # FIPS 180-4 example "abc"; RFC 4648 base32 of the SHA-1
    assert digest(b"abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest(b"abc", SHA1) == "sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5"
    # the payload digest of nothing, found in countless WARC files
    assert digest(b"", SHA1) == "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"


@pytest.mark.parametrize("algorithm", DigestAlgorithm)
def test_a_file_has_the_digest_of_its_bytes(tmp_path: Path, algorithm: DigestAlgorithm) -> None:
    data = bytes(range(256)) * 5000
    (tmp_path / "f").write_bytes(data)
    assert file_digest(tmp_path / "f", algorithm) == digest(data, algorithm)
    assert file_digest(str(tmp_path / "f"), algorithm) == digest(data, algorithm)


@given(st.binary(max_size=200), st.sampled_from(DigestAlgorithm))
@settings(max_examples=50)
def test_every_spelling_matches_its_data_and_no_other(data: bytes, algorithm: DigestAlgorithm) -> None:
    ours = digest(data, algorithm)
    other = algorithm.value.upper() + ":" + hashlib.new(algorithm.value, data).hexdigest().upper()
    assert matches(ours, data)
    assert matches(other, data)
    assert not matches(ours, data + b"x")
    assert parse_digest(ours) == (algorithm, hashlib.new(algorithm.value, data).digest())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        "sha256:",
        "sha256:zz",
        "sha1:0189",
        "sha256:" + "g" * 64,
    ],
)
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="digest"):
        parse_digest(text)
