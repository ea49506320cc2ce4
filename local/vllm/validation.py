"""Whether a request may be answered, and with what.

Rules and words are vLLM's (vllm/sampling_params.py, vllm/renderers/params.py).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from local.llama.engine import Engine
from local.vllm.errors import BadRequestError, in_vllm_words
from local.vllm.limits import Limits
from local.vllm.messages import check_tools, read_messages
from local.vllm.models import Models, ServedAdapter
from local.vllm.requests import ChatRequest, CompletionRequest, GenerationRequest
from local.vllm.sampling import Sampling


@dataclass(frozen=True, kw_only=True)
class ValidRequest:
    """One prompt and everything that its generation needs.

    Attributes:
        prompt_ids: the prompt.
        max_new_tokens: the answer has no more.
        sampling: how tokens are chosen.
        grammar: what the answer must match, in llama.cpp's form.
        stop: strings that end it.
        stop_token_ids: tokens that end it.
        include_stop: whether such a string stays in the text.
        skip_special: whether control tokens stay out of it.
        top_logprobs: how many of the most probable tokens are wanted with each; None for no probabilities.
        adapter: that answers, None for the base.
    """

    prompt_ids: tuple[int, ...]
    max_new_tokens: int
    sampling: Sampling
    grammar: str | None
    stop: tuple[str, ...]
    stop_token_ids: tuple[int, ...]
    include_stop: bool
    skip_special: bool
    top_logprobs: int | None
    adapter: ServedAdapter | None


class Validator:
    """Checks requests against the models, the limits and the tokenizer."""

    def __init__(self, *, engine: Engine, models: Models, limits: Limits, max_logprobs: int) -> None:
        self._engine = engine
        self._models = models
        self._limits = limits
        self._max_logprobs = max_logprobs

    async def validate_chat(self, chat: ChatRequest) -> ValidRequest:
        """Return what a conversation comes to.

        Raises:
            ApiError: it may not be answered.
        """
        adapter = self._models.find(chat.model)
        chat.check_served()
        check_tools(chat)
        with in_vllm_words():
            prompt = await self._engine.apply_template(
                read_messages(chat.messages), variables=chat.chat_template_kwargs or {}
            )
        prompt_ids = await self._tokenize(prompt, add_special_tokens=chat.add_special_tokens)
        asked = chat.max_tokens if chat.max_completion_tokens is None else chat.max_completion_tokens
        if chat.top_logprobs and not chat.logprobs:
            raise BadRequestError("when using `top_logprobs`, `logprobs` must be set to true.", param="top_logprobs")
        top_logprobs = (chat.top_logprobs or 0) if chat.logprobs else None
        return await self._validate(chat, prompt_ids, asked=asked, top_logprobs=top_logprobs, adapter=adapter)

    async def validate_completion(self, completion: CompletionRequest) -> list[ValidRequest]:
        """Return what each prompt comes to.

        Raises:
            ApiError: one of them may not be answered.
        """
        adapter = self._models.find(completion.model)
        completion.check_served()
        if completion.suffix:
            raise BadRequestError("suffix is not currently supported", param="suffix")
        prompts = _split(completion.prompt)
        if not prompts:
            raise BadRequestError("You must provide at least one prompt.", param="prompt")
        valid = []
        for prompt in prompts:
            prompt_ids = (
                await self._tokenize(prompt, add_special_tokens=completion.add_special_tokens)
                if isinstance(prompt, str)
                else tuple(prompt)
            )
            valid.append(
                await self._validate(
                    completion,
                    prompt_ids,
                    asked=completion.max_tokens,
                    top_logprobs=completion.logprobs,
                    adapter=adapter,
                )
            )
        return valid

    async def _tokenize(self, text: str, *, add_special_tokens: bool) -> tuple[int, ...]:
        with in_vllm_words():
            pieces = await self._engine.tokenize(text, add_special_tokens=add_special_tokens)
        return tuple(piece.id for piece in pieces)

    async def _validate(
        self,
        request: GenerationRequest,
        prompt_ids: tuple[int, ...],
        *,
        asked: int | None,
        top_logprobs: int | None,
        adapter: ServedAdapter | None,
    ) -> ValidRequest:
        truncate = request.truncate_prompt_tokens
        if truncate is not None:
            prompt_ids = prompt_ids[-truncate:] if truncate > 0 else prompt_ids
        if not prompt_ids:
            raise BadRequestError("The decoder prompt cannot be empty", param="prompt")
        if (beyond := max(prompt_ids)) >= self._engine.vocabulary_size:
            raise BadRequestError(f"Token id {beyond} is out of vocabulary", param="prompt")
        if top_logprobs is not None and not 0 <= top_logprobs <= self._max_logprobs:
            raise BadRequestError(
                f"Requested sample logprobs of {top_logprobs}, which is greater than max allowed: {self._max_logprobs}",
                param="logprobs",
            )
        max_new_tokens = self._check_lengths(len(prompt_ids), asked)
        return ValidRequest(
            prompt_ids=prompt_ids,
            max_new_tokens=max_new_tokens,
            sampling=_choose_sampling(request),
            grammar=await self._check_grammar(request),
            stop=_list_stops(request),
            stop_token_ids=tuple(request.stop_token_ids or ()),
            include_stop=request.include_stop_str_in_output,
            skip_special=request.skip_special_tokens,
            top_logprobs=top_logprobs,
            adapter=adapter,
        )

    def _check_lengths(self, input_length: int, asked: int | None) -> int:
        """Return how many tokens the answer can have."""
        if asked is not None and asked < 1:
            raise BadRequestError(f"max_tokens must be at least 1, got {asked}.", param="max_tokens")
        limits = self._limits
        window = min(limits.max_model_len, limits.window_tokens)
        if input_length + (asked or 1) > window:
            here = ""
            if limits.stand_in is not None and input_length + (asked or 1) <= limits.max_model_len:
                here = (
                    f" ({limits.stand_in.serves} stands in for {limits.stand_in.instead_of} here, and this is its "
                    "window.)"
                )
            raise BadRequestError(
                f"This model's maximum context length is {window} tokens. However, you requested {asked or 1} output "
                f"tokens and your prompt contains {input_length} input tokens, for a total of "
                f"{input_length + (asked or 1)} tokens. Please reduce the length of the input prompt or the number of "
                f"requested output tokens.{here}",
                param="input_tokens",
            )
        return asked or window - input_length

    async def _check_grammar(self, request: GenerationRequest) -> str | None:
        constraint = request.structured_outputs or request.response_format
        try:
            grammar = constraint.compile() if constraint is not None else None
        except ValueError as error:
            raise BadRequestError(f"Invalid JSON schema: {error}", param="structured_outputs") from error
        if grammar is not None:
            with in_vllm_words():
                await self._engine.check_grammar(grammar)
        return grammar


def _split(prompt: str | Sequence[int] | Sequence[str] | Sequence[Sequence[int]]) -> list[str | Sequence[int]]:
    """Return the prompts of a request, each a text or its tokens."""
    if isinstance(prompt, str):
        return [prompt]
    if prompt and isinstance(prompt[0], int):
        return [[token for token in prompt if isinstance(token, int)]]
    return [part for part in prompt if not isinstance(part, int)]


def _list_stops(request: GenerationRequest) -> tuple[str, ...]:
    stop = (request.stop,) if isinstance(request.stop, str) else tuple(request.stop or ())
    if "" in stop:
        raise BadRequestError("stop cannot contain an empty string.", param="stop")
    return stop


def _choose_sampling(request: GenerationRequest) -> Sampling:
    sampling = Sampling(
        temperature=_or(request.temperature, 1.0),
        top_p=_or(request.top_p, 1.0),
        top_k=request.top_k or 0,
        min_p=_or(request.min_p, 0.0),
        repetition_penalty=_or(request.repetition_penalty, 1.0),
        frequency_penalty=_or(request.frequency_penalty, 0.0),
        presence_penalty=_or(request.presence_penalty, 0.0),
        ignore_eos=request.ignore_eos,
        logit_bias=_read_bias(request),
        seed=secrets.randbits(64) if request.seed is None else request.seed,
        reproducible=request.seed is not None,
    )
    for name, allowed, fits in (
        ("temperature", "non-negative", sampling.temperature >= 0.0),
        ("top_p", "in (0, 1]", 0.0 < sampling.top_p <= 1.0),
        ("top_k", "0 (disable), or at least 1", sampling.top_k >= -1),
        ("min_p", "in [0, 1]", 0.0 <= sampling.min_p <= 1.0),
        ("repetition_penalty", "greater than zero", sampling.repetition_penalty > 0.0),
        ("frequency_penalty", "in [-2, 2]", -2.0 <= sampling.frequency_penalty <= 2.0),
        ("presence_penalty", "in [-2, 2]", -2.0 <= sampling.presence_penalty <= 2.0),
    ):
        if not fits:
            raise BadRequestError(f"{name} must be {allowed}, got {getattr(sampling, name)}.", param=name)
    return sampling


def _read_bias(request: GenerationRequest) -> tuple[tuple[int, float], ...]:
    try:
        return tuple((int(token), bias) for token, bias in (request.logit_bias or {}).items())
    except ValueError as error:
        raise BadRequestError(f"Found invalid value(s) in logit_bias: {error}", param="logit_bias") from error


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
