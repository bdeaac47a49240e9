"""What lies in the storage, by its own list: what is missing there, and what has another size."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path

from preserve.audit.findings import Audit, Part
from preserve.errors import ArchiveError
from preserve.warc.storage import Storage, Stored, open_store
from preserve.warc.stored import STORAGE, noted_storage, stored_files


class StoredParts:
    """The files of an archive that were put into a storage.

    Args:
        directory: the archive.

    Raises:
        ArchiveError: what is noted of them can't be read.
    """

    def __init__(self, directory: Path) -> None:
        self.files: Mapping[str, Stored] = stored_files(directory)
        self.storage = noted_storage(directory) or Storage("")
        if self.files and not self.storage.url:
            raise ArchiveError(f"{directory}: files of it lie in a storage, and {STORAGE} is missing; restore it")

    def size(self, name: str) -> int | None:
        """Of a file, as its storage lists it; None where it does not.

        Raises:
            ArchiveError: the storage can't be asked.
        """
        return self._listed.get(name)

    def compare(self, here: Collection[str], audit: Audit) -> None:
        """Tell of files that lie in the archive's directory, and whose copies are not as large as they were, or gone.

        A storage that can't be asked is told of where every file of it lies here, too.

        Raises:
            ArchiveError: it can't be asked, and has files of which there is no other copy.
        """
        both = [stored for name, stored in self.files.items() if name in here]
        if not both:
            return
        try:
            sizes = {stored.name: self.size(stored.name) for stored in both}
        except ArchiveError as error:
            if len(both) < len(self.files):
                raise
            audit.notes.append(f"the copies in the storage were not looked at: {error}")
            return
        for stored in both:
            where = self.storage.url_of(stored.name)
            if sizes[stored.name] is None:
                audit.found(Part.WARC, where, "the file is missing in the storage", "it is in the archive's directory")
            elif sizes[stored.name] != stored.size:
                what = f"has {sizes[stored.name]} bytes in the storage, and had {stored.size} when it was put there"
                audit.found(Part.WARC, where, what, "it is in the archive's directory, too, and was looked at there")
        audit.notes.append(f"{len(both)} files were looked at here; of their copies in the storage, the sizes alone")

    @cached_property
    def _listed(self) -> Mapping[str, int]:
        return open_store(self.storage).sizes()
