"""The archive: WARC files written, read back, scanned and mended.

Owns everything about WARC/1.1 (warcio is used nowhere else) and the archive directory's lock. What is
fetched, and what a capture means, is decided elsewhere.
"""

from preserve.warc.beginnings import read_beginning
from preserve.warc.cdxj import IndexEntry, nearest
from preserve.warc.excerpts import Brought, Listed, copy_records, list_records, read_records
from preserve.warc.files import closed_files, warc_files
from preserve.warc.fixity import Examined, examine, likeness
from preserve.warc.grouping import ArchivedPost
from preserve.warc.index import lines_of, lookup, refresh, replay_lines
from preserve.warc.lock import ArchiveLock, ReadingLock
from preserve.warc.originals import Known, Original, read_original
from preserve.warc.reader import file_info, read_block, read_capture, scan_captures
from preserve.warc.recovery import MendedFile, Recovery, recover
from preserve.warc.salvage import Gap
from preserve.warc.texts import ArchivedText, texts_between
from preserve.warc.writer import ArchiveWriter, FileKeeper, IndexKeeper

__all__ = [
    "ArchiveLock",
    "ArchiveWriter",
    "ArchivedPost",
    "ArchivedText",
    "Brought",
    "Examined",
    "FileKeeper",
    "Gap",
    "IndexEntry",
    "IndexKeeper",
    "Known",
    "Listed",
    "MendedFile",
    "Original",
    "ReadingLock",
    "Recovery",
    "closed_files",
    "copy_records",
    "examine",
    "file_info",
    "likeness",
    "lines_of",
    "list_records",
    "lookup",
    "nearest",
    "read_beginning",
    "read_block",
    "read_capture",
    "read_original",
    "read_records",
    "recover",
    "refresh",
    "replay_lines",
    "scan_captures",
    "texts_between",
    "warc_files",
]
