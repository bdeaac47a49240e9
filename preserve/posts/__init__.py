"""Posts: found, read, and cut into the blocks of their stored copies.

    find_posts -> read_post / parse_post -> body.stored_copy

The only room that knows front matter, Markdown, and what in a post is not the article. `body` is imported by itself:
it parses HTML, and who only plans a run needs none of that.
"""

from preserve.posts.finding import find_posts
from preserve.posts.reading import NotAPostError, parse_post, read_bytes, read_post
from preserve.posts.version import reading_version

__all__ = ["NotAPostError", "find_posts", "parse_post", "read_bytes", "read_post", "reading_version"]
