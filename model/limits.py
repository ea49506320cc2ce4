"""How many tokens and requests one copy takes on.

The limits travel into the container's environment (engines.py) and out of the stack as outputs, so that a client can
keep to them. Whether the GPU has room for them is for fit.py to say.
"""

from dataclasses import dataclass, fields

from model.errors import InvalidLimitsError
from model.spec import ModelSpec


@dataclass(frozen=True, kw_only=True)
class ServingLimits:
    """The limits of one copy, by TGI's names; every value is at least 1.

    TGI refuses to start unless `max_input_tokens < max_total_tokens <= max_batch_total_tokens` and
    `max_batch_prefill_tokens <= max_batch_total_tokens` (launcher and router, v3.3). `max_input_tokens <=
    max_batch_prefill_tokens` is demanded here of every model, though TGI 3 can cut a prompt into several prefills for
    some: a longest prompt that is read in one pass works with every attention kernel.

    With flash attention TGI 3.3 replaces `max_batch_total_tokens` by what it finds room for when it warms up, and stops
    if that is below `max_total_tokens`. It is set all the same: it is what fit.py guarantees to be there.

    Attributes:
        max_input_tokens: the longest prompt.
        max_total_tokens: the longest prompt and its answer together.
        max_batch_prefill_tokens: prompt tokens read in one pass; bounds the memory of activations.
        max_batch_total_tokens: tokens of all requests in flight; bounds the KV cache.
        max_concurrent_requests: requests held at once, running or queued; TGI answers 429 above it.
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
