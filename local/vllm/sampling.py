"""How the next token is chosen: vLLM's parameters in llama.cpp's words.

vLLM's rule (vllm/v1/sample/sampler.py): penalties, temperature, min_p, top_k, top_p; a temperature of 0 takes the most
probable token.
"""

from dataclasses import dataclass
from typing import Any, Final

# llama.cpp's seed has 32 bits, and the highest value means "random".
_SEEDS: Final = 2**32 - 1
# Below this vLLM is greedy (_SAMPLING_EPS in vllm/sampling_params.py).
_LEAST_TEMPERATURE: Final = 1e-5


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """The choice of one request; the defaults are those of vLLM."""

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    ignore_eos: bool = False
    logit_bias: tuple[tuple[int, float], ...] = ()
    seed: int = 0
    reproducible: bool = False

    def describe(self, *, input_length: int, max_new_tokens: int) -> dict[str, Any]:
        """Return the fields of llama.cpp's /completion.

        Args:
            input_length: tokens of the prompt.
            max_new_tokens: of the answer. Penalties look at the whole text.
        """
        fields: dict[str, Any] = {
            "samplers": ["penalties", "temperature"],
            "temperature": 0.0,
            "repeat_penalty": self.repetition_penalty,
            "frequency_penalty": self.frequency_penalty,
            "presence_penalty": self.presence_penalty,
            "repeat_last_n": input_length + max_new_tokens,
            "min_p": 0.0,
            "ignore_eos": self.ignore_eos,
            "logit_bias": [list(bias) for bias in self.logit_bias],
            "seed": self.seed % _SEEDS,
            # A prompt found in the cache is computed in other batches and may differ in the last bit.
            "cache_prompt": not self.reproducible,
        }
        if self.temperature >= _LEAST_TEMPERATURE:
            filters = {"min_p": self.min_p, "top_k": max(self.top_k, 0), "top_p": self.top_p}
            fields |= filters | {"temperature": self.temperature}
            fields["samplers"] = ["penalties", "temperature", "min_p", "top_k", "top_p"]
        return fields
