"""Selectors: how a passage of a page is pointed at, so that others find it.

Owns text fragments of URLs (`fragment_url`, after the WICG's URL Fragment Text Directives) and Web Annotations
(`annotation`, after the W3C's Web Annotation Data Model). Pure; knows nothing of quotations, posts or archives.
"""

from preserve.selectors.annotations import Passage, annotation, collection
from preserve.selectors.fragments import Directive, directive_for, fragment_url

__all__ = ["Directive", "Passage", "annotation", "collection", "directive_for", "fragment_url"]
