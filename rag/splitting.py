"""A document to passages: along its structure, and never longer than the embedder reads.

A passage is one or more whole blocks, as many as fit into the embedder's window of tokens beside the line that says
where they come from. A new section begins a new passage unless the open one is still too short to find anything with;
a block longer than the window is cut into equal parts, after a line, a sentence or a word. What an embedder does not
read it cannot find: that is why the window, and no number of characters, is the measure. No store and no vector is
known here.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from math import ceil

from rag.blocks import Block, scan
from rag.document import Document
from rag.passage import Passage
from rag.protocols import Tokens

# A passage shorter than this takes the next section in: a heading and one line find nothing by themselves.
MIN_PASSAGE_TOKENS = 48
# The line of context may take this share of the window.
_MAX_HEADING_SHARE = 0.25
# Equal parts of a long block may exceed their share by this much to end at a better place.
_PART_SLACK = 1.2
_BLOCKS_PER_BATCH = 512
# Bounds the memory of a block without any structure: its tokens are located one piece at a time.
_MAX_PIECE_CHARACTERS = 16_384
_BREAKS = (
    re.compile(r"\n"),
    re.compile("[.!?\u2026][\"')\\]\u201d\u2019]*(?=\\s)|[\u3002\uff01\uff1f]"),
    re.compile(r"\s"),
)


def split(document: Document, tokens: Tokens) -> list[Passage]:
    """Cut a document into passages. Computes: call it from a worker thread.

    Args:
        document: what to cut; a text without words gives no passage.
        tokens: the embedder's reading of texts.
    """
    cuts = [(heading, text) for heading, text in _Packer(document, tokens).pack() if text.strip()]
    return [
        Passage(
            source=document.source,
            content_hash=document.content_hash,
            position=position,
            passages=len(cuts),
            heading=heading,
            text=text.strip("\n"),
            metadata=document.metadata,
        )
        for position, (heading, text) in enumerate(cuts)
    ]


@dataclass(kw_only=True)
class _Open:
    """The passage that is being filled.

    Attributes:
        heading: its line of context.
        room: tokens that its text may have.
        used: tokens that its text has.
        blocks: its text.
    """

    heading: str
    room: int
    used: int = 0
    blocks: list[Block] = field(default_factory=list)

    def add(self, block: Block, tokens: int) -> None:
        self.blocks.append(block)
        self.used += tokens

    def text(self) -> str:
        return "\n\n".join(block.text for block in self.blocks)


class _Packer:
    """Fills passages with the blocks of one document."""

    def __init__(self, document: Document, tokens: Tokens) -> None:
        self._document = document
        self._tokens = tokens
        self._window = tokens.identity.window_tokens

    def pack(self) -> Iterator[tuple[str, str]]:
        """Yield the heading and the text of each passage."""
        current: _Open | None = None
        for block, tokens in self._counted():
            if current and self._is_full(current, block, tokens):
                carried = current.blocks.pop() if current.blocks[-1].is_heading and len(current.blocks) > 1 else None
                yield current.heading, current.text()
                current = None
                if carried:
                    current = self._begin(carried)
                    current.add(carried, sum(self._tokens.count_tokens([carried.text])))
            current = current or self._begin(block)
            current.add(block, tokens)
            if current.used > current.room:
                *whole, rest = self._parts(current.text(), current.room)
                for part, _ in whole:
                    yield current.heading, part
                current = _Open(heading=current.heading, room=current.room)
                current.add(Block(text=rest[0], headings=block.headings), rest[1])
        if current:
            yield current.heading, current.text()

    def _counted(self) -> Iterator[tuple[Block, int]]:
        """Yield the document's blocks with their numbers of tokens; of a huge one, only that it does not fit."""
        blocks = scan(self._document.text, self._document.kind)
        while batch := list(islice(blocks, _BLOCKS_PER_BATCH)):
            counts = self._tokens.count_tokens([b.text[: _MAX_PIECE_CHARACTERS + 1] for b in batch])
            for block, count in zip(batch, counts, strict=True):
                yield block, count if len(block.text) <= _MAX_PIECE_CHARACTERS else max(count, self._window + 1)

    def _is_full(self, current: _Open, block: Block, tokens: int) -> bool:
        if block.headings != current.blocks[-1].headings and current.used >= MIN_PASSAGE_TOKENS:
            return True
        only_heading = len(current.blocks) == 1 and current.blocks[0].is_heading
        return current.used + tokens > current.room and not only_heading

    def _begin(self, block: Block) -> _Open:
        """Open a passage: its context is the document's title and the sections around its first block."""
        sections = block.headings[:-1] if block.is_heading else block.headings
        title = self._document.metadata.title
        own = sections if sections[:1] == (title,) else (title, *sections)
        if block.is_heading and block.headings[-1:] == (title,):
            own = ()
        heading = " > ".join(name for name in own if name)
        if block.text.startswith(heading):
            heading = ""
        room = int(self._window * _MAX_HEADING_SHARE)
        starts = self._tokens.token_starts(heading) if heading else ()
        if len(starts) > room:
            heading = heading[: starts[room]].rstrip()
        return _Open(heading=heading, room=self._window - min(len(starts), room))

    def _parts(self, text: str, room: int) -> Iterator[tuple[str, int]]:
        """Cut a text into parts of about equal size that fit; yield each with its number of tokens."""
        for piece in _pieces(text):
            starts = self._tokens.token_starts(piece)
            begin = 0
            while len(starts) - begin > room:
                left = len(starts) - begin
                share = ceil(left / ceil(left / room))
                limit = starts[begin + min(room, int(share * _PART_SLACK))]
                first = starts[begin] if begin else 0
                stop = _last_break(piece, first, limit)
                end = max(begin + 1, bisect_right(starts, stop - 1))
                yield piece[first : starts[end]], end - begin
                begin = end
            yield piece[starts[begin] if begin else 0 :], len(starts) - begin


def _pieces(text: str) -> Iterator[str]:
    begin = 0
    while begin < len(text):
        limit = begin + _MAX_PIECE_CHARACTERS
        stop = len(text) if limit >= len(text) else _last_break(text, begin, limit)
        yield text[begin:stop]
        begin = stop


def _last_break(text: str, begin: int, limit: int) -> int:
    """Return where to cut: after the last line, sentence or word in the later half of a range, or at its end."""
    middle = begin + (limit - begin) // 2
    for pattern in _BREAKS:
        ends = [match.end() for match in pattern.finditer(text, middle, limit)]
        if ends:
            return ends[-1]
    return limit
