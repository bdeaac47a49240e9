"""Text from pages, headers, posts and file names, made safe to print: it may not steer the terminal."""

from __future__ import annotations

from preserve.visible import shortened
from preserve.visible import visible as safe

__all__ = ["safe", "shortened"]
