"""The work itself: from a host's sources to judged captures, the same on one machine and on many.

One coordinator (`preserve.verify`) plans, and alone writes ledger and log. Workers take batches of one host's
sources, fetch, archive in files of their own, judge, and tell what came of each.
"""
