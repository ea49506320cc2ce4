"""Token limits: those that the deployment states and those of the model that really answers."""

from dataclasses import dataclass
from typing import Final

from local.llama.errors import StartupError
from local.llama.weights import StandIn
from local.vllm.settings import Settings

# The KV cache of the small model takes 23 kB a token: 190 MB at most, however large the deployed limits are.
_MOST_CACHED_TOKENS: Final = 8192
# More at once only makes every answer slower on a CPU.
_MOST_IN_BATCH: Final = 8


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a started server.

    Attributes:
        max_model_len: tokens of a prompt and its answer together, as deployed.
        window_tokens: the longest text that the model which answers can take in.
        max_num_seqs: requests that generate at once.
        cached_tokens: tokens of all running requests together: the size of the KV cache.
        stand_in: set when the model that answers is not the one deployed.
    """

    max_model_len: int
    window_tokens: int
    max_num_seqs: int
    cached_tokens: int
    stand_in: StandIn | None

    @classmethod
    def resolve(cls, settings: Settings, *, window_tokens: int, stand_in: StandIn | None) -> "Limits":
        """Complete the deployed limits by what the model can do.

        Raises:
            StartupError: the deployed limit is beyond the model's window, and the model is the deployed one.
        """
        max_model_len = settings.max_model_len or window_tokens
        if max_model_len > window_tokens and stand_in is None:
            raise StartupError(
                f"ValueError: User-specified max_model_len ({max_model_len}) is greater than the derived max_model_len "
                f"(max_position_embeddings={window_tokens} or model_max_length=None in model's config.json)."
            )
        longest = min(max_model_len, window_tokens)
        running = min(settings.max_num_seqs, _MOST_IN_BATCH)
        return cls(
            max_model_len=max_model_len,
            window_tokens=window_tokens,
            max_num_seqs=running,
            cached_tokens=max(longest, min(longest * running, _MOST_CACHED_TOKENS)),
            stand_in=stand_in,
        )
