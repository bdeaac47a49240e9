"""A shared folder as a storage: a network drive that several machines have mounted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from preserve.errors import ArchiveError
from preserve.warc.files import SUFFIX, sync_directory

DRAFT = ".partial"
_COPY = 1 << 20


class Folder:
    """Files appear whole, by a hard link where the file system has them: a name that is taken is never replaced.

    Args:
        url: `file:///…`; percent-encoded.

    Raises:
        ArchiveError: it names a host.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.netloc not in {"", "localhost"}:
            raise ArchiveError(f"{url}: names a host; mount the folder, and write file:///path/to/it")
        self._directory = Path(unquote(parts.path))

    def size(self, name: str) -> int | None:
        """See `Place`."""
        try:
            return (self._directory / name).stat().st_size
        except FileNotFoundError:
            if not self._directory.is_dir():  # an unmounted drive is not an empty one
                raise ArchiveError(f"{self._directory}: no such folder; mount or make it") from None
            return None
        except OSError as error:
            raise self._refused(name, error) from error

    def sizes(self) -> Mapping[str, int]:
        """See `Place`."""
        try:
            with os.scandir(self._directory) as entries:
                return {entry.name: entry.stat().st_size for entry in entries if entry.name.endswith(SUFFIX)}
        except OSError as error:
            raise ArchiveError(f"{self._directory}: can't be listed: {error.strerror}; mount or make it") from error

    def read(self, name: str, offset: int, length: int) -> bytes:
        """See `Place`."""
        try:
            with (self._directory / name).open("rb") as stream:
                stream.seek(offset)
                return stream.read(length)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._refused(name, error) from error

    def upload(self, path: Path, name: str) -> None:
        """See `Place`."""
        draft = self._directory / f"{name}.{os.uname().nodename}.{os.getpid()}{DRAFT}"
        try:
            with path.open("rb") as source, draft.open("wb") as target:
                shutil.copyfileobj(source, target, _COPY)
                target.flush()
                os.fsync(target.fileno())
            _give_name(draft, self._directory / name)
            sync_directory(self._directory)
        except FileExistsError:
            raise
        except OSError as error:
            raise self._refused(name, error) from error
        finally:
            with suppress(OSError):
                draft.unlink()

    def _refused(self, name: str, error: OSError) -> ArchiveError:
        advice = "mount it, free space or mend its permissions, then run again"
        return ArchiveError(f"{self._directory / name}: {error.strerror}; {advice}")


def _give_name(draft: Path, final: Path) -> None:
    try:
        os.link(draft, final)
    except FileExistsError:
        raise
    except OSError:  # no hard links here: between the look and the name nobody else has this name to give
        if final.exists():
            raise FileExistsError(17, "a file of that name is already there", str(final)) from None
        draft.rename(final)
