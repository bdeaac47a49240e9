"""Replay: pywb, started on an archive as its own process.

Owns finding it, what it is told, the lines of the index it asks for, and that it ends when whoever started it does.
pywb is never imported.
"""

from preserve.replay.pywb import Listen, Replay, find_pywb, replay_url

__all__ = ["Listen", "Replay", "find_pywb", "replay_url"]
