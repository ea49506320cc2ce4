"""The model: text → tokens, tokens → more tokens. It knows llama.cpp and nothing of HTTP requests or their limits."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from local.llama.errors import AnswerError, EngineError, GrammarError, StartupError, TemplateError
from local.llama.model import LoadedModel
from local.llama.step_decoder import StepDecoder
from local.llama.tokens import PrefillToken, Step
from local.llama.vocabulary import Vocabulary

# A character has at most four bytes, so that three tokens can follow the last one before it is whole.
_UNFINISHED_CHARACTER_TOKENS: Final = 3
# Grammars that were checked are remembered, up to this many.
_KNOWN_GRAMMARS: Final = 256


@dataclass(frozen=True, slots=True)
class Piece:
    """A token of a text: its id and the bytes of the text that it stands for."""

    id: int
    data: bytes


class Sampling(Protocol):
    """How the next token is chosen, in the terms of one contract."""

    def describe(self, *, input_length: int, max_new_tokens: int) -> dict[str, Any]:
        """Return the fields of llama.cpp's /completion."""
        ...


class Engine:
    """One loaded model."""

    def __init__(self, *, model: LoadedModel, vocabulary: Vocabulary, has_chat_template: bool) -> None:
        self._model = model
        self._vocabulary = vocabulary
        self._has_chat_template = has_chat_template
        self._known_grammars: dict[str, bool] = {}

    @property
    def vocabulary_size(self) -> int:
        """How many tokens there are."""
        return len(self._vocabulary.entries)

    def detokenize(self, ids: Sequence[int]) -> str:
        """Return the text of some tokens; what is no whole character becomes U+FFFD."""
        return b"".join(map(self._vocabulary.data, ids)).decode(errors="replace")

    async def warm_up(self, sampling: Sampling) -> None:
        """Generate a token: what loads may still not run.

        Raises:
            StartupError: it does not.
        """
        steps = self.generate(
            [0], sampling=sampling, grammar=None, max_new_tokens=1, top_n_tokens=0, with_logprobs=True
        )
        try:
            async with aclosing(steps):
                await anext(steps, None)
        except EngineError as error:
            raise StartupError(f"the model does not generate: {error}") from error

    async def is_healthy(self) -> bool:
        """Whether it answers."""
        try:
            answer = await self._model.client.call("GET", "/health")
        except AnswerError:
            return False
        return bool(answer["status"] == "ok")

    async def tokenize(self, text: str, *, add_special_tokens: bool) -> tuple[Piece, ...]:
        """Return the tokens of a text.

        Args:
            text: may name control tokens; they are taken for what they name.
            add_special_tokens: whether to begin as the model expects a text to begin.

        Raises:
            EngineError: the engine failed.
        """
        body = {"content": text, "add_special": add_special_tokens, "parse_special": True, "with_pieces": True}
        answer = await self._call("/tokenize", body)
        return tuple(Piece(token["id"], _encode_piece(token["piece"])) for token in answer["tokens"])

    async def apply_template(self, messages: Sequence[Mapping[str, str]], *, variables: Mapping[str, Any]) -> str:
        """Return the prompt that the model's own chat template makes of a conversation.

        Args:
            messages: role and content of each.
            variables: what else the template is given.

        Raises:
            TemplateError: there is no template, or it refused the messages.
        """
        if not self._has_chat_template:
            raise TemplateError("template not found")
        try:
            answer = await self._model.client.call(
                "POST", "/apply-template", {"messages": messages, "chat_template_kwargs": dict(variables)}
            )
        except AnswerError as error:
            raise TemplateError(error.message) from error
        return str(answer["prompt"])

    async def check_grammar(self, grammar: str) -> None:
        """Refuse a grammar that llama.cpp cannot compile: it would generate without it and only log that.

        A token that no grammar allows is made irresistible. If it comes out, nothing held it back.

        Raises:
            GrammarError: it would have no effect.
            EngineError: the engine failed.
        """
        control_id = self._vocabulary.control_id
        if control_id is None:
            raise GrammarError("the model has no control token to test it with")
        if grammar not in self._known_grammars:
            answer = await self._call("/completion", _force(control_id, [control_id], grammar=grammar))
            if len(self._known_grammars) >= _KNOWN_GRAMMARS:
                self._known_grammars.pop(next(iter(self._known_grammars)))
            self._known_grammars[grammar] = answer["tokens"] != [control_id]
        if not self._known_grammars[grammar]:
            raise GrammarError("llama.cpp cannot compile it (the server's log says why)")

    async def generate(
        self,
        prompt_ids: Sequence[int],
        *,
        sampling: Sampling,
        grammar: str | None,
        max_new_tokens: int,
        top_n_tokens: int,
        with_logprobs: bool,
        adapter: Path | None = None,
    ) -> AsyncGenerator[Step]:
        """Give tokens as they are generated; closing the generator stops the work.

        Args:
            prompt_ids: the prompt.
            sampling: how tokens are chosen.
            grammar: what they must match, in llama.cpp's form.
            max_new_tokens: the caller takes no more.
            top_n_tokens: how many of the most probable tokens come with each.
            with_logprobs: whether probabilities are needed; they take time.
            adapter: the LoRA adapter that answers, of those that the model has; None for none.

        Raises:
            EngineError: the engine failed.
        """
        body = sampling.describe(input_length=len(prompt_ids), max_new_tokens=max_new_tokens) | {
            "prompt": list(prompt_ids),
            "n_predict": max_new_tokens,
            "n_probs": max(top_n_tokens, 1) if with_logprobs else 0,
            "return_tokens": True,
            "stream": True,
        }
        if grammar is not None:
            # Not to be left and entered again in the middle: see below.
            body |= {"grammar": grammar, "n_predict": max_new_tokens + _UNFINISHED_CHARACTER_TOKENS}
        ids: list[int] = []
        async with aclosing(self._stream(body, adapter=adapter, top_n_tokens=top_n_tokens)) as steps:
            async for step in steps:
                ids.append(step.token.id)
                yield step
                if step.ends:
                    return
        # The last tokens only begin a character, and llama.cpp does not tell them: they are generated once more, this
        # time together with those that end it, which the caller does not take.
        body["prompt"] = [*prompt_ids, *ids]
        body["n_predict"] = max_new_tokens - len(ids) + _UNFINISHED_CHARACTER_TOKENS
        async with aclosing(self._stream(body, adapter=adapter, top_n_tokens=top_n_tokens)) as steps:
            async for step in steps:
                yield step

    async def score(self, prompt_ids: Sequence[int]) -> tuple[PrefillToken, ...]:
        """Return the tokens of a prompt with their probabilities.

        llama.cpp does not report them for a prompt. Each token is forced in its turn and the probability that the model
        gave it is read: one short pass a token, as the KV cache holds what came before.

        Raises:
            EngineError: the engine failed.
        """
        logprobs: list[float | None] = [None]
        for at, token_id in enumerate(prompt_ids[1:], start=1):
            answer = await self._call("/completion", _force(token_id, prompt_ids[:at]))
            logprobs.append(float(answer["completion_probabilities"][0]["logprob"]))
        return tuple(
            PrefillToken(id=token_id, text=self._vocabulary.text(token_id), logprob=logprob)
            for token_id, logprob in zip(prompt_ids, logprobs, strict=True)
        )

    async def _stream(
        self, body: Mapping[str, Any], *, adapter: Path | None, top_n_tokens: int
    ) -> AsyncGenerator[Step]:
        # The number of an adapter is that of the server that is asked: both are of one moment.
        client = self._model.client
        body = {**body, "lora": [] if adapter is None else [{"id": self._model.place(adapter), "scale": 1.0}]}
        decoder = StepDecoder(vocabulary=self._vocabulary, top_n_tokens=top_n_tokens)
        try:
            async with aclosing(client.stream("/completion", body)) as results:
                async for result in results:
                    for step in decoder.decode(result):
                        yield step
        except AnswerError as error:
            raise EngineError(str(error)) from error

    async def _call(self, path: str, body: Mapping[str, Any]) -> Any:
        try:
            return await self._model.client.call("POST", path, body)
        except AnswerError as error:
            raise EngineError(str(error)) from error


def _force(token_id: int, prompt_ids: Sequence[int], *, grammar: str | None = None) -> dict[str, Any]:
    """Return a request for one token that is decided beforehand, if nothing forbids it."""
    return {
        "prompt": list(prompt_ids),
        "n_predict": 1,
        "temperature": 0.0,
        "logit_bias": [[token_id, 1e9]],
        "n_probs": 1,
        "return_tokens": True,
    } | ({} if grammar is None else {"grammar": grammar})


def _encode_piece(piece: str | list[int]) -> bytes:
    """Return a token's bytes; llama.cpp writes a list of them when they are no whole characters."""
    return piece.encode() if isinstance(piece, str) else bytes(piece)
