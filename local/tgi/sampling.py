"""How the next token is chosen: TGI's parameters in llama.cpp's words.

TGI's rule (server/text_generation_server/utils/tokens.py, v3.3): temperature ≠ 1, top_k, top_p or typical_p turn
sampling on even where do_sample is false; without it the most probable token is taken. Its filters run in this order:
repetition penalty, frequency penalty, grammar, temperature, top_k, top_p, typical_p.
"""

from dataclasses import dataclass
from typing import Any, Final

# llama.cpp's seed has 32 bits, and the highest value means "random".
_SEEDS: Final = 2**32 - 1


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """The choice of one request; the defaults are TGI's "do nothing"."""

    temperature: float = 1.0
    repetition_penalty: float = 1.0
    frequency_penalty: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    typical_p: float = 1.0
    do_sample: bool = False
    seed: int = 0
    reproducible: bool = False

    @property
    def samples(self) -> bool:
        """Whether tokens are drawn at random."""
        filtered = self.top_k != 0 or self.top_p < 1.0 or self.typical_p < 1.0
        return self.do_sample or self.temperature != 1.0 or filtered

    @property
    def reported_seed(self) -> int | None:
        """The seed as `details` says it: null when nothing is drawn."""
        return self.seed if self.samples else None

    def describe(self, *, input_length: int, max_new_tokens: int) -> dict[str, Any]:
        """Return the fields of llama.cpp's /completion.

        Args:
            input_length: tokens of the prompt. TGI divides a token's count by the length of the text so far before it
                applies frequency_penalty; llama.cpp does not divide, so the penalty is divided here, once.
            max_new_tokens: of the answer. Penalties look at the whole text in TGI.
        """
        fields: dict[str, Any] = {
            "samplers": ["penalties", "temperature"],
            "temperature": 0.0,
            "repeat_penalty": self.repetition_penalty,
            "frequency_penalty": self.frequency_penalty / max(input_length, 1),
            "presence_penalty": 0.0,
            "repeat_last_n": input_length + max_new_tokens,
            "min_p": 0.0,
            "seed": self.seed % _SEEDS,
            # A prompt found in the cache is computed in other batches and may differ in the last bit.
            "cache_prompt": not self.reproducible,
        }
        if self.samples:
            filters = {"top_k": self.top_k, "top_p": self.top_p, "typical_p": self.typical_p}
            fields |= filters | {"temperature": self.temperature, "post_sampling_probs": True}
            fields["samplers"] = ["penalties", "temperature", "top_k", "top_p", "typ_p"]
        return fields
