"""The integrity report: a static web site over an archive, made from the ledger and the records it names.

    Ledger -> gathering -> values (Overview, PostLine, PostPage) -> pages -> Site

`values` is what every output says, as pure data; `gathering`, `postpages` and `marking` make it, `rendering` turns
it into HTML, `site` keeps the directory. No network, and nothing is written into the archive.
"""

from preserve.report.building import Built, Options, build
from preserve.report.wording import LANGUAGES

__all__ = ["LANGUAGES", "Built", "Options", "build"]
