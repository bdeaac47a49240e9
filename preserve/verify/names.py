"""Names inside the archive directory that more than one command needs."""

LEDGER = "ledger.db"
