"""An answer, and the events by which it comes about."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rag.filters import Filters
from rag.packing import Source
from rag.protocols import Usage
from rag.timing import Stage

NOTHING_FOUND = "nothing_found"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A text with its sources.

    Attributes:
        text: the answer; every citation in it is the number of one of the sources.
        sources: the passages that were in the prompt; none where nothing was found.
        cited: numbers of the sources that the text cites, in the order of their first citation.
        finish_reason: `stop`, `length` (cut at the token limit), or `nothing_found` (the model was not asked).
        usage: tokens of the generation.
        timings_ms: how long each stage took.
        notes: what a person should know: a stage that was skipped, a filter that was dropped, an invented citation.
        invented_citations: numbers that the model cited and no passage has; they are not in the text.
        dropped_passages: how many retrieved passages had no room in the prompt.
        filters: the filters that held.
        expansions: the other wordings that were searched for.
    """

    text: str
    sources: tuple[Source, ...]
    cited: tuple[int, ...] = ()
    finish_reason: str
    usage: Usage = field(default_factory=Usage)
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    invented_citations: tuple[int, ...] = ()
    dropped_passages: int = 0
    filters: Filters = field(default_factory=Filters)
    expansions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StageBegun:
    """A stage has begun."""

    stage: Stage


@dataclass(frozen=True, kw_only=True)
class SourcesFound:
    """The passages that the answer is made from; sent before its first token."""

    sources: tuple[Source, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TextMade:
    """The next piece of the answer's text; joined, the pieces are the text."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Done:
    """The last event: the whole answer."""

    answer: Answer


Event = StageBegun | SourcesFound | TextMade | Done
