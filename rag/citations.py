"""Citations in an answer: `[1]`, `[1, 3]`, `[2-4]`.

A number that no passage of the prompt has was invented by the model. It is taken out of the answer, while the answer
streams, and reported. This module sees text and numbers only.
"""

import re
from collections.abc import Collection

_CITATION = re.compile(r"\[(?=[^\]]{1,40}\])(?P<numbers>\s*\d{1,3}(?:\s*[,;\u2013-]\s*\d{1,3})*\s*)\]")
_NUMBER = re.compile(r"(?P<first>\d{1,3})(?:\s*[\u2013-]\s*(?P<last>\d{1,3}))?")
# What may still become a citation: it is held back until it is one, or cannot be one any more.
_UNFINISHED = re.compile(r"(?P<space>[ \t]?)\[[\s\d,;\u2013-]{0,40}\Z|[ \t]\Z")
# What would make a citation of the digits and the bracket that follow it.
_OPEN = re.compile(r"\[[\s\d,;\u2013-]{0,40}\Z")
_TAIL_CHARACTERS = 42


class CitationFilter:
    """Checks the citations of one answer as its text arrives.

    Attributes:
        cited: numbers that were cited and exist, in the order of their first citation.
        invented: numbers that were cited and do not exist, likewise.
    """

    def __init__(self, numbers: Collection[int]) -> None:
        """Begin an answer.

        Args:
            numbers: the passages in its prompt.
        """
        self._numbers = frozenset(numbers)
        self._held = ""
        self._tail = ""
        self.cited: list[int] = []
        self.invented: list[int] = []

    def feed(self, text: str) -> str:
        """Take a piece of the answer; return what of it, and of what was held back, can be shown."""
        self._held += text
        unfinished = _UNFINISHED.search(self._held)
        cut = unfinished.start() if unfinished else len(self._held)
        ready, self._held = self._held[:cut], self._held[cut:]
        return self._check(ready)

    def finish(self) -> str:
        """Return what was held back when the answer ended."""
        ready, self._held = self._held, ""
        return self._check(ready)

    def _check(self, text: str) -> str:
        shown: list[str] = []
        at = 0
        for match in re.finditer(r"[ \t]?" + _CITATION.pattern, text):
            self._show(text[at : match.start()], shown)
            self._show(self._true(match), shown)
            at = match.end()
        self._show(text[at:], shown)
        return "".join(shown)

    def _show(self, text: str, shown: list[str]) -> None:
        shown.append(text)
        self._tail = (self._tail + text)[-_TAIL_CHARACTERS:]

    def _true(self, match: re.Match[str]) -> str:
        named = [n for one in _NUMBER.finditer(match["numbers"]) for n in _numbers(one)]
        kept = [n for n in named if n in self._numbers]
        _extend(self.cited, kept)
        _extend(self.invented, [n for n in named if n not in self._numbers])
        if len(kept) == len(named):
            return match[0]
        space = match[0][: match[0].index("[")]
        if kept:
            return f"{space}[{', '.join(map(str, kept))}]"
        # Without it, what stands around it would become one: "[[0]0]".
        return "[]" if _OPEN.search(self._tail) else ""


def _numbers(match: re.Match[str]) -> list[int]:
    first = int(match["first"])
    last = int(match["last"]) if match["last"] else first
    return list(range(first, last + 1)) if first <= last <= first + 100 else [first, last]


def _extend(numbers: list[int], more: list[int]) -> None:
    numbers += [n for n in dict.fromkeys(more) if n not in numbers]
