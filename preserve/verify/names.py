"""Names inside the archive directory that more than one command needs."""

LEDGER = "ledger.db"
RUN_FIELD = "preserve-run"
"""Of a file's warcinfo: the run that it was written in."""
