"""What the collection's own version control says of a post: the commit that last touched it; only it runs `git`."""

from preserve.git.commands import Git
from preserve.git.versions import PostVersions

__all__ = ["Git", "PostVersions"]
