"""What tests of proofs share."""

from __future__ import annotations

from dataclasses import replace

from run_kit import Stage


def with_key(place: Stage) -> Stage:
    """The stage with a signing key of its own, so that its runs end with a checkpoint."""
    key = str(place.folder / "config" / "signing-key.pem")
    return replace(place, settings=replace(place.settings, archive=replace(place.settings.archive, signing_key=key)))
