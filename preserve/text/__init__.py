"""Text as it is compared: folding, sentences, tokens. Pure; knows nothing of posts, pages or verdicts."""

from preserve.text.folding import Folded, block_digest, fold, fold_all, fold_with_offsets, join_folded
from preserve.text.sentences import sentence_spans
from preserve.text.tokens import Token, han_share, is_number, is_unspaced, tokens, weight_of
from preserve.text.variants import differ_in_script, script_table

__all__ = [
    "Folded",
    "Token",
    "block_digest",
    "differ_in_script",
    "fold",
    "fold_all",
    "fold_with_offsets",
    "han_share",
    "is_number",
    "is_unspaced",
    "join_folded",
    "script_table",
    "sentence_spans",
    "tokens",
    "weight_of",
]
