"""Passages and a question to a text: pack, prompt, generate, check the citations as they stream.

This module does not know how the passages were found (retrieval.py).
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from rag.answer import SourcesFound, StageBegun, TextMade
from rag.citations import CitationFilter
from rag.errors import GenerationError, PromptTooLongError, StreamBrokenError
from rag.packing import Packed, pack, room_for_passages
from rag.passage import RetrievedPassage
from rag.prompting import Message, Prompt, PromptStyle, answer_prompt, prompt_text
from rag.protocols import Chunk, Generator, Usage
from rag.timing import Stage, Timings
from rag.tokens import estimate_tokens

# Tokens of a chat template around the turns.
_TEMPLATE_TOKENS = 48
# What a prompt may take of its room when the endpoint counted more tokens than were estimated.
_SHRINK = 0.7
_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class AnswerLimits:
    """What the deployed endpoint takes, and how much of it one answer may use.

    Attributes:
        max_input_tokens: of a prompt, by the endpoint's own limit.
        max_total_tokens: of a prompt and its answer together.
        max_new_tokens: of an answer, unless the caller asks for fewer.
        timeout_s: of one generation.
    """

    max_input_tokens: int
    max_total_tokens: int
    max_new_tokens: int = 512
    timeout_s: float = 60.0

    def input_tokens(self, max_new_tokens: int) -> int:
        """Return what a prompt may take beside an answer of some length."""
        return min(self.max_input_tokens, self.max_total_tokens - max_new_tokens)


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written; the last thing that a Writer yields.

    Attributes:
        text: without invented citations.
        packed: what the prompt quoted, and what it had no room for.
        cited: see Answer.
        invented: see Answer.
        finish_reason: `stop` or `length`.
        usage: tokens of the generation.
    """

    text: str
    packed: Packed
    cited: tuple[int, ...]
    invented: tuple[int, ...]
    finish_reason: str
    usage: Usage


class Writer:
    """Has the language model write from passages."""

    def __init__(self, *, generator: Generator, style: PromptStyle, limits: AnswerLimits) -> None:
        self._generator = generator
        self._style = style
        self._limits = limits

    async def write(
        self,
        question: str,
        passages: Sequence[RetrievedPassage],
        *,
        history: Sequence[Message],
        max_new_tokens: int | None,
        timings: Timings,
    ) -> AsyncGenerator[StageBegun | SourcesFound | TextMade | Written, None]:
        """Yield the sources, then the text as it is made, then `Written`.

        An endpoint that counts more tokens than were estimated refuses before its first token: the prompt is then
        packed smaller, and the sources are sent again.

        Raises:
            InvalidQuestionError: the question alone is too long.
            GenerationError: the model did not finish; the error carries what it wrote.
        """
        new_tokens = min(max_new_tokens or self._limits.max_new_tokens, self._limits.max_total_tokens // 2)
        max_input_tokens = self._limits.input_tokens(new_tokens)
        for attempt in range(1, _ATTEMPTS + 1):
            yield StageBegun(stage=Stage.PACK)
            with timings.measure(Stage.PACK):
                packed, prompt = self._pack(question, passages, history, max_input_tokens)
            yield SourcesFound(sources=packed.sources)
            yield StageBegun(stage=Stage.GENERATE)
            try:
                async with aclosing(self._generate(prompt, packed, new_tokens, timings)) as pieces:
                    async for piece in pieces:
                        yield piece
            except PromptTooLongError:
                if attempt == _ATTEMPTS:
                    raise
                max_input_tokens = int(max_input_tokens * _SHRINK)
            else:
                return

    def _pack(
        self, question: str, passages: Sequence[RetrievedPassage], history: Sequence[Message], max_input_tokens: int
    ) -> tuple[Packed, Prompt]:
        """Quote what fits beside the question and as much of the history as takes half of the room."""
        turns = list(history)
        room = room_for_passages(max_input_tokens=max_input_tokens, other_tokens=self._tokens(question, []))
        while turns and self._tokens(question, turns) > max_input_tokens - room // 2:
            turns.pop(0)
        room = room_for_passages(max_input_tokens=max_input_tokens, other_tokens=self._tokens(question, turns))
        packed = pack(passages, max_tokens=room, count_tokens=estimate_tokens)
        return packed, answer_prompt(question, packed.text, style=self._style, history=turns)

    def _tokens(self, question: str, turns: Sequence[Message]) -> int:
        return _TEMPLATE_TOKENS + estimate_tokens(
            prompt_text(answer_prompt(question, "-", style=self._style, history=turns))
        )

    async def _generate(
        self, prompt: Prompt, packed: Packed, max_new_tokens: int, timings: Timings
    ) -> AsyncGenerator[TextMade | Written, None]:
        check = CitationFilter([source.number for source in packed.sources])
        shown: list[str] = []
        last: Chunk | None = None
        stream = self._generator.stream(prompt, max_new_tokens=max_new_tokens, timeout_s=self._limits.timeout_s)
        try:
            with timings.measure(Stage.GENERATE):
                async with aclosing(stream) as chunks:
                    async for chunk in chunks:
                        last = chunk
                        if text := check.feed(chunk.text):
                            shown.append(text)
                            yield TextMade(text=text)
        except GenerationError as error:
            error.partial_text = "".join(shown)
            if shown and isinstance(error, PromptTooLongError):
                raise StreamBrokenError(error.problem, partial_text=error.partial_text) from error
            raise
        if last is None or last.finish_reason is None:
            raise StreamBrokenError(
                "the language model's stream ended without a finish reason.", partial_text="".join(shown)
            )
        if text := check.finish():
            shown.append(text)
            yield TextMade(text=text)
        yield Written(
            text="".join(shown),
            packed=packed,
            cited=tuple(check.cited),
            invented=tuple(check.invented),
            finish_reason=last.finish_reason,
            usage=last.usage or Usage(),
        )
