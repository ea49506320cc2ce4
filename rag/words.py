"""The words of a question that say what it is about, as far as a rule of thumb can tell them. English only."""

import re

_WORD = re.compile(r"[^\W_]+")
_STOP_WORDS = frozenset(
    """
    a about all also an and any are as at be been but by can could did do does explain find for from get give had
    has have how i if in into is it its like many me more most much my of on one or our please say should show so
    some tell than that the their them then there these they this to us use used was we were what when where which
    who whom whose why will with would write you your
    """.split()  # noqa: SIM905 - words are easier to read and to sort than a list of quotes
)
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "es", "ed", "ly", "s", "e", "y")
_MIN_STEM_CHARACTERS = 3


def content_words(text: str) -> frozenset[str]:
    """Return the stems of a text's words, without the words that every text has."""
    return frozenset(count_stems(text))


def count_stems(text: str) -> dict[str, tuple[str, int]]:
    """Return the content words of a text: by stem, the form in which it comes first, and how often it comes."""
    counted: dict[str, tuple[str, int]] = {}
    for word in _WORD.findall(text.casefold()):
        if word not in _STOP_WORDS:
            stem = _stem(word)
            form, count = counted.get(stem, (word, 0))
            counted[stem] = form, count + 1
    return counted


def shared_words(words: frozenset[str], text: str) -> frozenset[str]:
    """Return those of some stems that a text has too."""
    return words & content_words(text)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM_CHARACTERS:
            return word[: -len(ending)]
    return word
