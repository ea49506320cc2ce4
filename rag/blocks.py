"""A document's text to blocks: the smallest pieces that structure asks to keep together.

A block is a heading, a paragraph, a list, a table, a fenced piece of code, or a top-level piece of source code. A line
scanner finds them in one pass over a text of any size; nothing here counts tokens (splitting.py).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.document import Kind

_HEADING = re.compile(r"(?P<marks>#{1,6})[ \t]+(?P<title>\S.*?)[ \t#]*$")
_FENCE = re.compile(r"[ ]{0,3}(?P<fence>`{3,}|~{3,})")
_UNDERLINE = re.compile(r"(=+|-{3,})[ \t]*$")

MAX_HEADING_CHARACTERS = 160


@dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of a text.

    Attributes:
        text: its lines.
        headings: titles of the sections that it lies in, outermost first; for a heading, with itself last.
        is_heading: whether it is a heading.
    """

    text: str
    headings: tuple[str, ...] = ()
    is_heading: bool = False


def scan(text: str, kind: Kind) -> Iterator[Block]:
    """Yield a text's blocks in order; joined by blank lines they hold all of its words."""
    return _scan_code(text) if kind is Kind.CODE else _scan_markdown(text)


def _scan_markdown(text: str) -> Iterator[Block]:
    path: list[tuple[int, str]] = []
    lines: list[str] = []
    fence = ""

    def take() -> Iterator[Block]:
        if any(line.strip() for line in lines):
            yield Block(text="\n".join(lines).strip("\n"), headings=tuple(title for _, title in path))
        lines.clear()

    for line in text.split("\n"):
        opened = _FENCE.match(line)
        if fence:
            lines.append(line)
            if opened and opened["fence"].startswith(fence) and not line[opened.end() :].strip():
                fence = ""
                yield from take()
        elif opened:
            yield from take()
            fence = opened["fence"]
            lines.append(line)
        elif not line.strip():
            yield from take()
        elif heading := _HEADING.match(line):
            yield from take()
            yield _enter(path, len(heading["marks"]), heading["title"], line)
        elif len(lines) == 1 and _is_title(lines[0]) and _UNDERLINE.match(line):
            title = lines.pop()
            yield _enter(path, 1 if line.startswith("=") else 2, title, f"{title}\n{line}")
        else:
            lines.append(line)
    yield from take()


def _is_title(line: str) -> bool:
    return len(line) <= MAX_HEADING_CHARACTERS and line[0].isalnum() and "|" not in line


def _enter(path: list[tuple[int, str]], level: int, title: str, text: str) -> Block:
    """Move the path to a new heading, and return the heading's block."""
    while path and path[-1][0] >= level:
        path.pop()
    path.append((level, " ".join(title.split())[:MAX_HEADING_CHARACTERS]))
    return Block(text=text, headings=tuple(t for _, t in path), is_heading=True)


def _scan_code(text: str) -> Iterator[Block]:
    """Cut before a line that starts at the margin and follows a blank one: where functions and classes begin."""
    lines: list[str] = []
    after_blank = False
    for line in text.split("\n"):
        if after_blank and line and not line[0].isspace() and any(kept.strip() for kept in lines):
            yield Block(text="\n".join(lines).strip("\n"))
            lines.clear()
        lines.append(line)
        after_blank = not line.strip()
    if any(line.strip() for line in lines):
        yield Block(text="\n".join(lines).strip("\n"))
