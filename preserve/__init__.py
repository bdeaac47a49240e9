"""Archive the sources of a collection of posts, and say what became of each."""

__version__ = "0.1.0"
