"""What goes wrong between us and the LLM, in rag's words: the one table that maps inference_client's errors.

The words are for callers and for answers' notes, so they name no endpoint, account or address; the original error is
the cause and goes to the log.
"""

from dataclasses import dataclass

import structlog

import inference_client as llm
from rag.errors import (
    GenerationError,
    GeneratorTimeoutError,
    GeneratorUnavailableError,
    PromptTooLongError,
    StreamBrokenError,
)
from service.errors import ModelAsleepError, ModelBusyError, ModelRefusedError

# Waking a component from zero takes minutes; a loading model somewhat less.
WAKE_UP_S = 60.0
BUSY_S = 5.0
UNREACHABLE_S = 15.0


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Errors that mean the same to a caller."""

    causes: tuple[type[llm.InferenceClientError], ...]
    error: type[GenerationError]
    problem: str
    remedy: str = ""
    retry_after_s: float | None = None


# The first row that matches decides.
RULES: tuple[Rule, ...] = (
    Rule(
        causes=(llm.NoCapacityError, llm.ModelNotReadyError),
        error=ModelAsleepError,
        problem="the model had no running copy and is being started.",
        remedy="Ask again in about a minute; it can take several.",
        retry_after_s=WAKE_UP_S,
    ),
    Rule(
        causes=(llm.OverloadedError, llm.ThrottledError, llm.ServiceBusyError),
        error=ModelBusyError,
        problem="the model is busy with other requests.",
        remedy="Ask again shortly.",
        retry_after_s=BUSY_S,
    ),
    Rule(causes=(llm.InputTooLongError,), error=PromptTooLongError, problem="the prompt is too long for the model."),
    Rule(causes=(llm.RequestTooLargeError,), error=PromptTooLongError, problem="the prompt is too large to be sent."),
    Rule(
        causes=(llm.ReadTimeoutError, llm.InvocationTimeoutError),
        error=GeneratorTimeoutError,
        problem="the model took too long.",
        remedy="Ask again, or for a shorter answer.",
    ),
    Rule(
        causes=(llm.StreamInterruptedError, llm.GenerationFailedError, llm.UnexpectedAnswerError),
        error=StreamBrokenError,
        problem="the model broke off.",
        remedy="Ask again.",
    ),
    Rule(
        causes=(llm.ValidationRejectedError, llm.InvalidParameterError, llm.InvalidPromptError),
        error=ModelRefusedError,
        problem="the model does not take the request as it is.",
        remedy="Check the order of the roles and the parameters.",
    ),
    Rule(
        causes=(llm.ContainerError,),
        error=StreamBrokenError,
        problem="the model failed.",
        remedy="Ask again.",
    ),
    Rule(
        causes=(llm.InferenceClientError,),
        error=GeneratorUnavailableError,
        problem="the model cannot be reached.",
        remedy="Ask again in a while; the search works without it.",
        retry_after_s=UNREACHABLE_S,
    ),
)


def in_rags_words(error: llm.InferenceClientError) -> GenerationError:
    """Return the error of rag's tree that the first matching rule names; the caller raises it from the original."""
    rule = next(rule for rule in RULES if isinstance(error, rule.causes))
    structlog.get_logger(__name__).warning(
        "model_failed",
        kind=type(error).__name__,
        message=str(error),
        aws_request_id=error.request_id,
        status=error.status,
    )
    if issubclass(rule.error, GeneratorUnavailableError):
        return rule.error(
            rule.problem, remedy=rule.remedy, partial_text=error.partial_text, retry_after_s=rule.retry_after_s
        )
    if isinstance(error, llm.InputTooLongError):
        return PromptTooLongError(
            rule.problem, remedy=rule.remedy, given_tokens=error.input_tokens, max_tokens=error.max_tokens
        )
    if issubclass(rule.error, PromptTooLongError):
        return PromptTooLongError(rule.problem, remedy=rule.remedy)
    return rule.error(rule.problem, remedy=rule.remedy, partial_text=error.partial_text)
