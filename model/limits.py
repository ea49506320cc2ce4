"""How many tokens and requests one copy takes on.

The limits travel into the container's environment (engines.py) and out of the stack as outputs, so that a client can
keep to them. Whether the GPU has room for them is for fit.py to say.
"""

from dataclasses import dataclass, fields

from model.errors import InvalidLimitsError
from model.spec import ModelSpec

_LEAST_AT_ONCE = 2


@dataclass(frozen=True, kw_only=True)
class ServingLimits:
    """The limits of one copy, by TGI's names; every value is at least 1.

    TGI refuses to start unless `max_input_tokens < max_total_tokens <= max_batch_total_tokens` and
    `max_batch_prefill_tokens <= max_batch_total_tokens` (launcher and router, v3.3). `max_input_tokens <=
    max_batch_prefill_tokens` is demanded here of every model, though TGI 3 and vLLM can cut a prompt into several
    prefills: a longest prompt that is read in one pass works with every attention kernel.

    No engine takes `max_batch_total_tokens` at its word. TGI 3.3 uses it only for models without flash attention, of
    which there are none in the catalogue; for the others it warns, takes what it finds room for when it warms up, and
    stops if that is below `max_total_tokens` (`connect_backend` in backends/v3/src/lib.rs). vLLM has no such limit. It
    is the number of tokens that fit.py has found room for: a promise to those who plan with it, not a setting.

    Attributes:
        max_input_tokens: the longest prompt.
        max_total_tokens: the longest prompt and its answer together.
        max_batch_prefill_tokens: prompt tokens read in one pass; bounds the memory of activations.
        max_batch_total_tokens: tokens of all requests in flight that there is room for, at least.
        max_concurrent_requests: requests held at once, running or queued. Above it TGI answers 429; vLLM runs that many
            and lets the others wait.
    """

    max_input_tokens: int
    max_total_tokens: int
    max_batch_prefill_tokens: int
    max_batch_total_tokens: int
    max_concurrent_requests: int

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value < 1:
                raise InvalidLimitsError(f"{field.name} is {value}.", remedy="It must be at least 1.")
        self._require_at_most("max_input_tokens", self.max_total_tokens - 1, "below max_total_tokens")
        self._require_at_most(
            "max_input_tokens",
            self.max_batch_prefill_tokens,
            "within max_batch_prefill_tokens: a prompt is read at once",
        )
        self._require_at_most("max_total_tokens", self.max_batch_total_tokens, "within max_batch_total_tokens")
        self._require_at_most("max_batch_prefill_tokens", self.max_batch_total_tokens, "within max_batch_total_tokens")

    @property
    def longest_requests_at_once(self) -> int:
        """How many requests of the greatest length there is room for at the same time."""
        return self.max_batch_total_tokens // self.max_total_tokens

    def check_sharing(self) -> None:
        """Refuse limits under which one request can take all the room there is.

        The book sets MAX_TOTAL_TOKENS and MAX_BATCH_TOTAL_TOKENS to the same number. One long answer then holds the
        whole copy, and everybody else waits for it, while the copy is charged for a batch.

        Raises:
            InvalidLimitsError: more than one request is let in, and there is room for one of the greatest length.
        """
        if self.max_concurrent_requests > 1 and self.longest_requests_at_once < _LEAST_AT_ONCE:
            raise InvalidLimitsError(
                f"one request of max_total_tokens={self.max_total_tokens} would fill the batch: "
                f"max_batch_total_tokens is {self.max_batch_total_tokens}, and the others would wait until it is done.",
                remedy=f"Raise max_batch_total_tokens to {_LEAST_AT_ONCE * self.max_total_tokens}, or lower "
                f"max_total_tokens to {self.max_batch_total_tokens // _LEAST_AT_ONCE}; a copy that is meant to take "
                "one request at a time has max_concurrent_requests=1.",
            )

    def check_passes(self) -> None:
        """Refuse limits under which a pass has no token for each request: vLLM then refuses to start.

        `max_num_batched_tokens` must be at least `max_num_seqs` (SchedulerConfig in vllm/config/scheduler.py).

        Raises:
            InvalidLimitsError: more requests are let in than tokens are read in one pass.
        """
        self._require_at_most(
            "max_concurrent_requests",
            self.max_batch_prefill_tokens,
            "within max_batch_prefill_tokens: a pass has a token of each request",
        )

    def check_against(self, spec: ModelSpec) -> None:
        """Refuse limits that the model cannot honour.

        Raises:
            InvalidLimitsError: `max_total_tokens` is beyond the model's positions.
        """
        self._require_at_most("max_total_tokens", spec.max_positions, f"within the positions of {spec.model_id}")

    def _require_at_most(self, name: str, most: int, reason: str) -> None:
        value = getattr(self, name)
        if value > most:
            raise InvalidLimitsError(f"{name} is {value}.", remedy=f"At most {most} is allowed: it must be {reason}.")
