"""Checks a generation's parameters, in TGI's order and with TGI's words (router/src/validation.rs, v3.3)."""

import secrets
from dataclasses import dataclass
from typing import Final

from local.llama.engine import Engine
from local.tgi.errors import ValidationError
from local.tgi.generate_request import GenerateParameters, GenerateRequest
from local.tgi.limits import Limits
from local.tgi.metrics import Metrics
from local.tgi.sampling import Sampling
from local.tgi.settings import Settings

# TGI schedules an answer in parts of this many tokens and checks only the first part against the limits.
_PART_TOKENS: Final = 1024


@dataclass(frozen=True, kw_only=True)
class ValidRequest:
    """A generation that can be done.

    Attributes:
        prompt_ids: the prompt, truncated as asked.
        max_new_tokens: how long the answer can get at most.
        sampling: how tokens are chosen.
        stop: what ends the answer.
        top_n_tokens: how many of the most probable tokens to report at each place.
        grammar: what the answer must match, in llama.cpp's form.
        decoder_input_details: whether the prompt's tokens and their probabilities are wanted.
    """

    prompt_ids: tuple[int, ...]
    max_new_tokens: int
    sampling: Sampling
    stop: tuple[str, ...]
    top_n_tokens: int
    grammar: str | None
    decoder_input_details: bool


class Validator:
    """Checks requests against the settings, the limits and the tokenizer."""

    def __init__(self, *, engine: Engine, settings: Settings, limits: Limits, metrics: Metrics) -> None:
        self._engine = engine
        self._settings = settings
        self._limits = limits
        self._metrics = metrics

    async def validate(self, request: GenerateRequest) -> ValidRequest:
        """Return what to generate.

        Raises:
            ValidationError: naming the first parameter that does not fit.
            GenerationError: the tokenizer failed.
        """
        parameters = request.parameters
        _check_sampling(parameters)
        self._check_stopping(parameters)
        if parameters.seed is not None and (parameters.best_of or 1) > 1:
            raise ValidationError("`seed` must not be set when `best_of` > 1")
        self._check_top_n_tokens(parameters.top_n_tokens)
        if not request.inputs:
            raise ValidationError("`inputs` cannot be empty")
        truncate = parameters.truncate
        if truncate is not None and not 1 <= truncate <= self._limits.max_input_tokens:
            raise ValidationError(
                f"`truncate` must be strictly positive and less than {self._limits.max_input_tokens}. Given: {truncate}"
            )
        pieces = await self._engine.tokenize(request.inputs, add_special_tokens=request.add_special_tokens)
        prompt_ids = tuple(piece.id for piece in pieces)[-truncate if truncate else None :]
        max_new_tokens = self._check_lengths(len(prompt_ids), parameters.max_new_tokens)
        self._metrics.request_input_length.observe(len(prompt_ids))
        grammar = await self._check_grammar(parameters)
        self._metrics.request_max_new_tokens.observe(max_new_tokens)
        return ValidRequest(
            prompt_ids=prompt_ids,
            max_new_tokens=max_new_tokens,
            sampling=_choose_sampling(parameters),
            stop=parameters.stop,
            top_n_tokens=parameters.top_n_tokens or 0,
            grammar=grammar,
            decoder_input_details=parameters.decoder_input_details,
        )

    def check_best_of(self, best_of: int) -> None:
        """Refuse more candidates than the settings allow.

        Raises:
            ValidationError: there are more.
        """
        most = self._settings.max_best_of
        if most == 1 and best_of != 1:
            raise ValidationError("`best_of` != 1 is not allowed for this endpoint")
        if best_of > most:
            raise ValidationError(f"`best_of` must be > 0 and <= {most}. Given: {best_of}")

    def _check_stopping(self, parameters: GenerateParameters) -> None:
        if parameters.max_new_tokens == 0:
            raise ValidationError("`max_new_tokens` must be strictly positive")
        most, given = self._settings.max_stop_sequences, len(parameters.stop)
        if given > most:
            raise ValidationError(f"`stop` supports up to {most} stop sequences. Given: {given}")

    def _check_top_n_tokens(self, given: int | None) -> None:
        most = self._settings.max_top_n_tokens
        if given is not None and given > most:
            raise ValidationError(f"`top_n_tokens` must be >= 0 and <= {most}. Given: {given}")

    def _check_lengths(self, input_length: int, asked: int | None) -> int:
        """Return how many tokens the answer can have."""
        limits = self._limits
        rest = max(limits.max_total_tokens - input_length, 0)
        first_part = min(rest if asked is None else asked, _PART_TOKENS)
        given = f"Given: {input_length} `inputs` tokens and {first_part} `max_new_tokens`"
        if input_length + first_part > limits.max_total_tokens:
            raise ValidationError(f"`inputs` tokens + `max_new_tokens` must be <= {limits.max_total_tokens}. {given}")
        if input_length > limits.max_input_tokens:
            raise ValidationError(
                f"`inputs` must have less than {limits.max_input_tokens} tokens. Given: {input_length}"
            )
        window_rest = limits.window_tokens - input_length
        if limits.stand_in is not None and (window_rest < 1 or (asked is not None and first_part > window_rest)):
            raise ValidationError(
                f"`inputs` tokens + `max_new_tokens` must be <= {limits.window_tokens} here: {limits.stand_in.serves} "
                f"stands in for {limits.stand_in.instead_of}, and this is its window. {given}"
            )
        return min(rest if asked is None else asked, rest, window_rest)

    async def _check_grammar(self, parameters: GenerateParameters) -> str | None:
        if parameters.watermark:
            raise ValidationError("`watermark` is not supported by this server, which runs in place of TGI")
        if parameters.grammar is None:
            return None
        if self._settings.disable_grammar_support:
            raise ValidationError("grammar is not supported")
        grammar = parameters.grammar.compile()
        await self._engine.check_grammar(grammar)
        return grammar


def _check_sampling(parameters: GenerateParameters) -> None:
    choices = (parameters.temperature, parameters.top_k, parameters.top_p, parameters.typical_p)
    sampling = parameters.do_sample or any(choice is not None for choice in choices)
    if (parameters.best_of or 1) > 1 and not sampling:
        raise ValidationError("you must use sampling when `best_of` is > 1")
    if _or(parameters.temperature, 1.0) <= 0.0:
        raise ValidationError("`temperature` must be strictly positive")
    if _or(parameters.repetition_penalty, 1.0) <= 0.0:
        raise ValidationError("`repetition_penalty` must be strictly positive")
    if not -2.0 <= _or(parameters.frequency_penalty, 0.0) <= 2.0:
        raise ValidationError("`frequency_penalty` must be >= -2.0 and <= 2.0")
    # 1.0 is what they are when they are absent, and yet a client may not say so.
    if parameters.top_p is not None and not 0.0 < parameters.top_p < 1.0:
        raise ValidationError("`top_p` must be > 0.0 and < 1.0")
    if parameters.typical_p is not None and not 0.0 < parameters.typical_p < 1.0:
        raise ValidationError("`typical_p` must be > 0.0 and < 1.0")
    if parameters.top_k is not None and parameters.top_k <= 0:
        raise ValidationError("`top_k` must be strictly positive")


def _choose_sampling(parameters: GenerateParameters) -> Sampling:
    return Sampling(
        do_sample=parameters.do_sample,
        temperature=_or(parameters.temperature, 1.0),
        repetition_penalty=_or(parameters.repetition_penalty, 1.0),
        frequency_penalty=_or(parameters.frequency_penalty, 0.0),
        top_k=parameters.top_k or 0,
        top_p=_or(parameters.top_p, 1.0),
        typical_p=_or(parameters.typical_p, 1.0),
        seed=secrets.randbits(64) if parameters.seed is None else parameters.seed,
        reproducible=parameters.seed is not None,
    )


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
