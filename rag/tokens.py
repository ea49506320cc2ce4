"""How many tokens of a language model a text takes, where its tokenizer is not at hand.

An estimate that errs upwards: a prompt that is counted too long loses its last passage, one that is counted too short
is refused. A byte-level tokenizer splits where this does (words, digits, punctuation), and knows most words whole.
"""

import re
from math import ceil

# A word with the space before it, a digit, white space, a mark, or any other character.
_PARTS = re.compile(r" ?(?P<word>[A-Za-z]+)|(?P<digit>\d)|(?P<space>\s+)|(?P<mark>[!-~])|(?P<other>[^\x00-\x7f])")
# Most words of this length are in a vocabulary of 32,000 entries; longer ones come in pieces of about so many letters.
_WHOLE_WORD_LETTERS = 6
_PIECE_LETTERS = 4
# A word that is longer still is a compound or no English at all.
_COMPOUND_LETTERS = 12
_COMPOUND_PIECE_LETTERS = 3


def estimate_tokens(text: str) -> int:
    """Return an upper estimate of a text's tokens for a byte-level BPE vocabulary of 32,000 entries or more."""
    return sum(_part_tokens(match) for match in _PARTS.finditer(text))


def _part_tokens(match: re.Match[str]) -> int:
    part = match[0]
    match match.lastgroup:
        case "word":
            return _word_tokens(len(part.strip()))
        case "space":
            return 1 + len(part) // 16
        case "other":
            return max(2, len(part.encode("utf-8", errors="replace")) - 1)
        case _:
            return 1


def _word_tokens(letters: int) -> int:
    if letters <= _WHOLE_WORD_LETTERS:
        return 1
    return ceil(letters / (_PIECE_LETTERS if letters <= _COMPOUND_LETTERS else _COMPOUND_PIECE_LETTERS))
