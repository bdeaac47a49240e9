"""Citations of a post's source: what is cited, and how each format writes it.

Rules alone: no I/O and no clock. Reading the archive belongs to `preserve.citing`, setting a reference in a citation
style to `preserve.styles`.
"""

from preserve.cite.building import PageSays, PostSays, cited_check, refer, with_keys
from preserve.cite.csl import csl_item
from preserve.cite.formats import FORMAT_NAMES, STYLED, Format, write, write_csl
from preserve.cite.names import names_of
from preserve.cite.plain import partial_date, plain
from preserve.cite.replay import PLACEHOLDERS, replay_url
from preserve.cite.values import Afterwards, Archived, Name, PartialDate, Reference
from preserve.cite.wording import chinese, remarks

__all__ = [
    "FORMAT_NAMES",
    "PLACEHOLDERS",
    "STYLED",
    "Afterwards",
    "Archived",
    "Format",
    "Name",
    "PageSays",
    "PartialDate",
    "PostSays",
    "Reference",
    "chinese",
    "cited_check",
    "csl_item",
    "names_of",
    "partial_date",
    "plain",
    "refer",
    "remarks",
    "replay_url",
    "with_keys",
    "write",
    "write_csl",
]
