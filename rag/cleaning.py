"""Text from anywhere to text that is fit to embed, quote and print.

It takes out what no reader sees but a tokenizer does: control characters, invisible characters (a way to hide
instructions in a document), embedded binary data. It knows nothing of formats or of structure.
"""

import re
import unicodedata
from collections.abc import Iterator

# C0 and C1 controls but for newline and tab; zero-width space, marks of direction and their overrides, word joiner and
# invisible operators, byte-order mark, interlinear marks, tag characters; lone surrogates. The zero-width joiner and
# non-joiner stay: scripts and emoji need them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_NEWLINES = re.compile("\r\n?|\x0b|\x0c|\x85|\u2028|\u2029")
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")
_DATA_URI = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w=.+-]+)*;base64,[A-Za-z0-9+/=\s]{64,}")
_BROKEN_WORD = re.compile(r"(?<=[^\W\d_])-\n(?=[a-z])")


# One expression over a whole book would hold up every other thread of the process.
_PIECE_CHARACTERS = 256 * 1024


def clean(text: str) -> str:
    """Return a text in one Unicode form (NFC), with one kind of newline and nothing invisible in it."""
    return _BLANK_LINES.sub("\n\n", "".join(_clean(piece) for piece in _pieces(text))).strip("\n")


def _pieces(text: str) -> Iterator[str]:
    """Cut a long text after line ends, where no character or mark goes on."""
    begin = 0
    while len(text) - begin > _PIECE_CHARACTERS:
        end = text.rfind("\n", begin, begin + _PIECE_CHARACTERS) + 1
        end = end or begin + _PIECE_CHARACTERS
        yield text[begin:end]
        begin = end
    yield text[begin:]


def _clean(text: str) -> str:
    text = _NEWLINES.sub("\n", text)
    text = _INVISIBLE.sub("", text)
    text = unicodedata.normalize("NFC", _SPACES.sub(" ", text))
    text = _DATA_URI.sub("", text)
    return _TRAILING.sub("", text)


def join_broken_words(text: str) -> str:
    """Undo the hyphenation at line ends of a text that was set in lines, as in a PDF."""
    return _BROKEN_WORD.sub("", text)
