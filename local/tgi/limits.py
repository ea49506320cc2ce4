"""Token limits: those that the deployment states and those of the model that really answers."""

from dataclasses import dataclass
from typing import Final

from local.llama.errors import StartupError
from local.llama.weights import StandIn
from local.tgi.settings import Settings

# The KV cache of the small model takes 23 kB a token: 190 MB at most, however large the deployed limits are.
_MOST_CACHED_TOKENS: Final = 8192


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a started server.

    Attributes:
        max_input_tokens: the longest prompt, as deployed.
        max_total_tokens: the longest prompt and its answer together, as deployed.
        window_tokens: the longest text that the model which answers can take in.
        max_batch_total_tokens: tokens of all running requests together: the size of the KV cache.
        stand_in: set when the model that answers is not the one deployed.
    """

    max_input_tokens: int
    max_total_tokens: int
    window_tokens: int
    max_batch_total_tokens: int
    stand_in: StandIn | None

    @classmethod
    def resolve(cls, settings: Settings, *, window_tokens: int, stand_in: StandIn | None) -> "Limits":
        """Complete the deployed limits by what the model can do, as TGI does when it warms up.

        Raises:
            StartupError: the deployed limits are beyond the model's window and the model is the deployed one, or a
                limit that was left open contradicts one that was set.
        """
        max_total = settings.max_total_tokens or window_tokens
        if max_total > window_tokens and stand_in is None:
            raise StartupError(
                f"MAX_TOTAL_TOKENS={max_total} is beyond the window of {settings.model_id or 'the model'}: "
                f"at most {window_tokens} is allowed"
            )
        max_input = settings.max_input_tokens or max_total - 1
        if max_input >= max_total:
            raise StartupError(f"`max_input_tokens`({max_input}) must be < `max_total_tokens`({max_total})")
        longest = min(max_total, window_tokens)
        batch = min(longest * settings.max_batch_size, settings.max_batch_total_tokens or _MOST_CACHED_TOKENS)
        return cls(
            max_input_tokens=max_input,
            max_total_tokens=max_total,
            window_tokens=window_tokens,
            max_batch_total_tokens=max(longest, min(batch, _MOST_CACHED_TOKENS)),
            stand_in=stand_in,
        )
