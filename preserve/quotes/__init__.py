"""The quote check: where each quotation of a manuscript stands, in stored copies and in every capture of their sources.

    quotations -> scan (which posts may have them) -> weigh (each post's texts, looked at closely) -> Checked

Works from the ledger and the archive alone: no network, nothing written. What a text makes of a quotation is decided in
`preserve.quotations`.
"""

from preserve.quotes.checking import FEW_POSTS, Scope, check_quotations
from preserve.quotes.values import Checked, Layer, Place, Sight, SightState, Standing

__all__ = ["FEW_POSTS", "Checked", "Layer", "Place", "Scope", "Sight", "SightState", "Standing", "check_quotations"]
