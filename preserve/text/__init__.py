"""Text as it is compared: folding, sentences, tokens. Pure; knows nothing of posts, pages or verdicts."""

from preserve.text.folding import SEPARATOR, Folded, fold, fold_with_offsets
from preserve.text.sentences import sentence_spans
from preserve.text.tokens import Token, han_share, is_number, is_unspaced, tokens, weight_of

__all__ = [
    "SEPARATOR",
    "Folded",
    "Token",
    "fold",
    "fold_with_offsets",
    "han_share",
    "is_number",
    "is_unspaced",
    "sentence_spans",
    "tokens",
    "weight_of",
]
