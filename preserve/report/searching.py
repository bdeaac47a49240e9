"""Owns the search index: small script files, each asked for only when a word needs it.

Pages opened from disk may load scripts beside them but may not read other files, so the index is scripts that call
one function of `search.js`. Words are cut the same way there and here.
"""

from __future__ import annotations

import json
import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from preserve.report.values import PostLine

POSTS_A_SHARD: Final = 400
OTHER_SHARDS: Final = 64
_LONGEST_TEXT: Final = 600
_WORD: Final = re.compile(r"[0-9a-z]+|[^\W0-9a-z_]+")
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_TOO_COMMON: Final = frozenset({"http", "https", "www", "com", "html", "htm", "md"})
_UNSAFE: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


class SearchIndex:
    """Takes in posts one by one."""

    def __init__(self) -> None:
        self._posts: list[str] = []
        self._words: dict[str, dict[str, array[int]]] = defaultdict(dict)

    def add(self, line: PostLine) -> None:
        """Take in a post."""
        number = len(self._posts)
        values = [
            line.page,
            line.title[:160],
            line.host[:80],
            line.day.isoformat() if line.day else "",
            line.verdict.value,
            f"{line.since:%Y-%m-%d}",
        ]
        self._posts.append(_script_text(values))
        for word in sorted(set(words_of(_searched(line)))):
            shard = self._words[shard_of(word)]
            if word not in shard:
                shard[word] = array("I")
            shard[word].append(number)

    def files(self) -> Iterator[tuple[str, str]]:
        """Name, from the report's root, and content of each file."""
        for shard in sorted(self._words):
            words = self._words[shard]
            entries = ",".join(f"{_script_text(word)}:[{','.join(map(str, words[word]))}]" for word in sorted(words))
            yield f"search/w-{shard}.js", f"preserveSearch.words({_script_text(shard)},{{{entries}}});\n"
        for start in range(0, len(self._posts), POSTS_A_SHARD):
            number = start // POSTS_A_SHARD
            entries = ",\n".join(self._posts[start : start + POSTS_A_SHARD])
            yield f"search/p-{number}.js", f"preserveSearch.posts({number},[\n{entries}]);\n"

    def shards(self) -> str:
        """The names of the word files that exist, for the page that searches."""
        return " ".join(sorted(self._words))


def words_of(text: str) -> Iterator[str]:
    """The words a text is found by: of scripts without spaces, each character and each pair."""
    for found in _WORD.finditer(unicodedata.normalize("NFKC", text).casefold()):
        run = found[0]
        if _CJK.search(run):
            yield from run
            yield from (run[index : index + 2] for index in range(len(run) - 1))
        elif (len(run) > 1 or run.isdigit()) and run not in _TOO_COMMON:
            yield run[:40]


def shard_of(word: str) -> str:
    """The file a word stands in."""
    return word[:2] if word[0].isascii() else f"x-{ord(word[0]) % OTHER_SHARDS}"


def _searched(line: PostLine) -> str:
    parts = [line.title, line.post.rpartition("/")[2], line.host, line.source[:_LONGEST_TEXT], *line.categories]
    if line.glimpse is not None:
        parts += [line.glimpse.old, line.glimpse.new]
    return "\n".join(part[:_LONGEST_TEXT] for part in parts)


def _script_text(value: object) -> str:
    """JSON that is also safe as a script's text: pure ASCII, no angle brackets."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).translate(_UNSAFE)
