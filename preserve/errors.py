"""The one error tree: what the caller did wrong, or what this machine could not do.

Outcomes of a check (a 404, a timeout, a paywall) are values of `preserve.model`, never exceptions.
Every message says what happened, where, and what to do next.
"""


class PreserveError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigError(PreserveError):
    """The configuration file or an option can't be used."""


class PostError(PreserveError):
    """A post can't be read.

    Args:
        path: the post's path as given.
        line: 1-based line of the fault in the file; 0 when it has no line.
        why: the reason, without path and line.
    """

    def __init__(self, path: str, line: int, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}" if line else f"{path}: {why}")
        self.path, self.line, self.why = path, line, why


class ArchiveError(PreserveError):
    """The archive directory, a WARC file or the ledger can't be used."""


class ArchiveLockedError(ArchiveError):
    """Another process is writing to the same archive."""


class ProofError(PreserveError):
    """A proof file, or what was handed over with it, can't be understood, or a proof can't be made."""


class JudgingError(PreserveError):
    """The judging processes can't work at all: the fault is in the installation, not in a page."""


class RecordNotFoundError(ArchiveError):
    """A record the ledger refers to is not where it should be."""
