"""Configuration: `preserve.toml` (or `[tool.preserve]` in `pyproject.toml`) and the command line, to
`Settings`.
"""

from preserve.config.loading import FILE_NAME, Overrides, load_settings, with_overrides
from preserve.config.options import OPTIONS, Option, default_config_text
from preserve.config.values import check_network, parse_size

__all__ = [
    "FILE_NAME",
    "OPTIONS",
    "Option",
    "Overrides",
    "check_network",
    "default_config_text",
    "load_settings",
    "parse_size",
    "with_overrides",
]
