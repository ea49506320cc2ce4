"""Text that others wrote to text that is safe to quote in a prompt.

A passage is data. It must not be able to close the mark that it stands in, to begin a turn of the conversation, or to
carry a number that looks like a citation of ours. What would do so is changed visibly and as little as possible. Words
("ignore the instructions above") are left: they are what the passage says, and the marks around it say that it is
quoted.
"""

import re

from rag.cleaning import clean
from rag.document import label

# The characters that some tokenizer's normalization makes a plain "<" or "|" of.
_LESS = "<\uff1c\ufe64\u2039"
_BAR = "|\uff5c\u2223\u01c0"

# Marks of turns and of ends in the formats of the models that are served: ChatML and Llama 3 (`<|...|>`), Llama 2 and
# Mistral ([INST], <<SYS>>, <s>), Gemma (<start_of_turn>), and the reasoning and tool tags of several.
_SPECIAL = re.compile(
    rf"""[{_LESS}](?=
        \s*[{_BAR}]
        | /?\s*(?:s|bos|eos|pad|unk)\s*>
        | <\s*/?\s*SYS
        | /?\s*(?:start|end)_of_turn
        | /?\s*(?:think|tool_call|tool_response|system|assistant|user|instructions?|im_start|im_end)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_CLOSING_BAR = re.compile(rf"[{_BAR}](?=\s*[>\uff1e\ufe65])")
_INST = re.compile(r"\[(?=\s*/?\s*(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS)\b)", re.IGNORECASE)
# The mark that passages stand in (packing.py).
_PASSAGE = re.compile(rf"[{_LESS}](?=\s*/?\s*passage\b)", re.IGNORECASE)
# The headings of the Alpaca template, and lines that speak for a party of the conversation.
_ALPACA = re.compile(
    r"^([ \t]*)(#{2,})(?=[ \t]*(?:instruction|response|input|output|system|user|assistant)s?\b)",
    re.IGNORECASE | re.MULTILINE,
)
_SPEAKER = re.compile(
    r"^([ \t]*(?:\*\*)?(?:human|user|assistant|system|ai|bot|question|answer)(?:\*\*)?)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_CITATION = re.compile(r"\[(\s*\d{1,3}(?:\s*[,;\u2013-]\s*\d{1,3})*\s*)\]")

_OPEN_SAFE = "("


def quote(text: str) -> str:
    """Return a passage's text so that nothing in it is read as a mark."""
    text = clean(text)
    for pattern in (_PASSAGE, _SPECIAL):
        text = pattern.sub(_OPEN_SAFE, text)
    text = _CLOSING_BAR.sub("/", text)
    text = _INST.sub("(", text)
    text = _ALPACA.sub(lambda m: f"{m[1]}{'-' * len(m[2])}", text)
    text = _SPEAKER.sub(r"\1 -", text)
    return _CITATION.sub(lambda m: f"[ {m[1].strip()} ]", text)


def quote_label(text: str, *, max_characters: int = 120) -> str:
    """Return a title or a name so that it is one short line without marks."""
    return quote(label(text)[:max_characters]).replace("<", "(").replace(">", ")").replace("[", "(").replace("]", ")")
