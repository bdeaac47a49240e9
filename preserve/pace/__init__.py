"""How long politeness takes: one pass over many hosts, and months of passes. Pure: no clock, no network, no files."""
