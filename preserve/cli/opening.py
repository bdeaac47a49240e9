"""What the reading commands share: the settings they need, the ledger they read, and the post they mean."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from preserve.config import load_settings
from preserve.errors import ArchiveError, ConfigError
from preserve.ledger import Ledger
from preserve.settings import Settings
from preserve.verify.names import LEDGER


def settings_for_reading(archive: str | None, config: Path | None) -> Settings:
    """The settings with `--archive` applied.

    Raises:
        ConfigError: the configuration can't be used.
        ArchiveError: the archive has a storage, and it is not the one that is configured.
    """
    settings = with_roots(load_settings(config, Path.cwd()), os.environ)
    if archive is not None:
        settings = replace(settings, archive=replace(settings.archive, directory=archive))
    if (Path(settings.archive.directory) / "storage.json").exists():
        from preserve.storing import must_be_named  # noqa: PLC0415 - few archives have one, and it takes time

        must_be_named(settings.archive)
    return settings


def with_roots(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """The settings with the files of trusted roots where they are, `~/` being the user's own directory."""
    roots = tuple(str(at_home(file, environment)) for file in settings.archive.timestamp_roots)
    return replace(settings, archive=replace(settings.archive, timestamp_roots=roots))


def at_home(file: str, environment: Mapping[str, str]) -> Path:
    """A path of the configuration; one that begins with `~/` is in the user's own directory."""
    home = Path(environment.get("HOME") or Path.home())
    return home / file[2:] if file.startswith("~/") else Path(file)


def with_signing_key(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """The settings with the key's file named: as configured, else where the user's configuration is kept."""
    home = Path(environment.get("HOME") or Path.home())
    given = settings.archive.signing_key
    if given:
        key = at_home(given, environment)
    else:
        kept = Path(environment.get("XDG_CONFIG_HOME", ""))
        # A relative path is to be ignored (XDG Base Directory Specification, "Basics").
        key = (kept if kept.is_absolute() else home / ".config") / "preserve" / "signing-key.pem"
    return replace(settings, archive=replace(settings.archive, signing_key=str(key)))


def open_ledger(settings: Settings) -> Ledger:
    """The archive's ledger, to read.

    Raises:
        ArchiveError: there is none, with what to do.
    """
    return Ledger.open_readonly(ledger_file(settings))


def ledger_file(settings: Settings) -> Path:
    """Where the archive's ledger is.

    Raises:
        ArchiveError: there is none, with what to do.
    """
    path = Path(settings.archive.directory) / LEDGER
    if not path.exists():
        raise ArchiveError(
            f"{settings.archive.directory}: no ledger here. Run `preserve verify POSTS` first, "
            "or name the archive with --archive DIR."
        )
    return path


def one_post(ledger: Ledger, fragment: str) -> str:
    """The post a person means by a path, the end of one, or a source URL.

    Raises:
        ConfigError: none or several match.
    """
    found = any_posts(ledger, fragment)
    if len(found) == 1:
        return found[0]
    listed = "\n".join(f"  {post}" for post in found[:10])
    more = f"\n  and {len(found) - 10} more" if len(found) > 10 else ""
    raise ConfigError(f"{fragment}: {len(found)} posts match. Name one:\n{listed}{more}")


def any_posts(ledger: Ledger, fragment: str) -> tuple[str, ...]:
    """The posts a person may mean by a path, the end of one, or a source URL; at least one.

    Raises:
        ConfigError: none match.
    """
    found = ledger.find_posts_matching(fragment)
    if not found:
        raise ConfigError(
            f"{fragment}: no such post in the ledger. Give its path as verified, the end of that path, "
            "or its source URL."
        )
    return found
