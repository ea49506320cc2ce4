"""What a model is: its identity, its shape and where its weights come from.

A spec holds only what the published config.json and the hub say. It knows nothing of instances (hardware.py), of token
limits (limits.py) or of how an engine is told about it (engines.py).
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from model.adapter import Adapter
from model.errors import InvalidSpecError

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
# The hub's own limit (huggingface_hub's validate_repo_id).
_LONGEST_ID = 96
_COMMIT = re.compile(r"[0-9a-f]{40}")
# Bucket rules: 3-63 lower-case letters, digits, dots, hyphens.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
# Of the characters that keys are safe with, `*` is left out: the role that may read the prefix would take it for a
# wildcard.
_S3_PREFIX = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<prefix>(?:[\w!.'()-]+/)+)", re.ASCII)

# The largest published models have 10^12 parameters: a number beyond this is a slip.
_MOST = 10**15

_SIZES = (
    "parameters",
    "layers",
    "hidden_size",
    "intermediate_size",
    "attention_heads",
    "kv_heads",
    "head_dim",
    "vocab_size",
    "max_positions",
    "adapter_rank",
)


class Dtype(StrEnum):
    """The number format of unquantized weights, and of the KV cache."""

    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    FLOAT32 = "float32"

    @property
    def size_bytes(self) -> int:
        """Bytes of one number."""
        return 4 if self is Dtype.FLOAT32 else 2


class Quantization(StrEnum):
    """How the linear layers are stored, by TGI's names (`--quantize`); vLLM has all but `eetq`.

    `awq` and `gptq` need weights that were quantized before; `eetq` and `fp8` quantize plain weights while loading.
    `bitsandbytes` is left out: TGI deprecates it and it turns CUDA graphs off.
    """

    AWQ = "awq"
    GPTQ = "gptq"
    EETQ = "eetq"
    FP8 = "fp8"

    @property
    def bits(self) -> int:
        """Bits of one weight, without its scales. AWQ and GPTQ are published at 4 bits."""
        return 4 if self in {Quantization.AWQ, Quantization.GPTQ} else 8

    @property
    def on_load(self) -> bool:
        """Whether plain weights can be served in it, without other files."""
        return self in {Quantization.EETQ, Quantization.FP8}


class PromptFormat(StrEnum):
    """The text form in which the model was taught to read an instruction."""

    ALPACA = "alpaca"
    CHATML = "chatml"
    LLAMA3 = "llama3"
    # Whatever the chat template among the model's own files says; the engine applies it.
    CHAT_TEMPLATE = "chat_template"


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """One model at one revision.

    Attributes:
        model_id: the hub's id, `owner/name`; for weights in S3 the id they were published under.
        revision: the full commit hash on the hub, never a branch: a branch moves under a running deployment.
        model_type: the architecture by its name in config.json, as `llama`; an engine serves some and not others.
        parameters: how many numbers the weights hold; shared embeddings counted once, as an engine loads them.
        layers: transformer blocks.
        hidden_size: width of the residual stream.
        intermediate_size: width of the MLP between its projections.
        attention_heads: query heads.
        kv_heads: key/value heads (fewer than query heads under grouped-query attention).
        head_dim: width of one head.
        vocab_size: rows of the embedding.
        max_positions: the longest sequence that the positions allow, in tokens.
        dtype: number format of the weights as published.
        quantization: how the linear layers are stored when served; None leaves them in `dtype`.
        tied_embeddings: whether the output projection is the embedding itself.
        sliding_window: how many tokens back the sliding layers look; None where every layer sees everything.
        sliding_layers: how many of the layers do.
        gated: whether the hub asks for a token.
        prompt_format: how an instruction is written.
        s3_uri: a prefix in S3 that holds the uncompressed weights, ending in `/`; None takes them from the hub.
        adapters: LoRA adapters that are loaded beside it, each for the requests that ask for it.
        adapter_rank: the largest rank of an adapter; memory is kept for all of this rank.
        adapter_slots: for how many adapters memory is kept; None for as many as there are. An engine that takes
            adapters while it runs has to know it when it starts.
    """

    model_id: str
    revision: str
    model_type: str
    parameters: int
    layers: int
    hidden_size: int
    intermediate_size: int
    attention_heads: int
    kv_heads: int
    head_dim: int
    vocab_size: int
    max_positions: int
    dtype: Dtype
    prompt_format: PromptFormat
    quantization: Quantization | None = None
    tied_embeddings: bool = False
    sliding_window: int | None = None
    sliding_layers: int = 0
    gated: bool = False
    s3_uri: str | None = None
    adapters: tuple[Adapter, ...] = ()
    adapter_rank: int = 64
    adapter_slots: int | None = None

    def __post_init__(self) -> None:
        self._check_identity()
        for name in _SIZES:
            value = getattr(self, name)
            if value < 1:
                raise InvalidSpecError(f"{self.model_id}: {name} is {value}.", remedy="It must be at least 1.")
            if value > _MOST:
                raise InvalidSpecError(
                    f"{self.model_id}: {name} is too large.", remedy=f"It must be at most {_MOST:,}."
                )
        if self.attention_heads % self.kv_heads:
            raise InvalidSpecError(
                f"{self.model_id}: {self.attention_heads} attention heads cannot share {self.kv_heads} kv heads.",
                remedy="kv_heads must divide attention_heads.",
            )
        self._check_window()
        if self.adapter_slots is not None and self.adapter_slots < max(1, len(self.adapters)):
            raise InvalidSpecError(
                f"{self.model_id}: adapter_slots is {self.adapter_slots}.",
                remedy=f"It must be at least {max(1, len(self.adapters))}: each of the {len(self.adapters)} adapters "
                "takes one.",
            )

    @property
    def adapter_room(self) -> int:
        """For how many adapters memory is kept."""
        return len(self.adapters) if self.adapter_slots is None else self.adapter_slots

    @property
    def source(self) -> str:
        """Where the engine reads the weights, for people: `hub` or the S3 prefix."""
        return self.s3_uri or "hub"

    def _check_window(self) -> None:
        if (self.sliding_window is None) != (self.sliding_layers == 0):
            raise InvalidSpecError(
                f"{self.model_id}: sliding_window is {self.sliding_window} and sliding_layers {self.sliding_layers}.",
                remedy="Give both, or neither.",
            )
        if self.sliding_window is not None and self.sliding_window < 1:
            raise InvalidSpecError(
                f"{self.model_id}: sliding_window is {self.sliding_window}.", remedy="It must be at least 1."
            )
        if not 0 <= self.sliding_layers <= self.layers:
            raise InvalidSpecError(
                f"{self.model_id}: sliding_layers is {self.sliding_layers}.", remedy=f"It has {self.layers} layers."
            )

    def _check_identity(self) -> None:
        check_model_id(self.model_id)
        if not _COMMIT.fullmatch(self.revision):
            raise InvalidSpecError(
                f"{self.model_id}: revision {self.revision!r} is not a commit.",
                remedy="Give the full hash (40 hexadecimal digits), not a branch or a tag: those move.",
            )
        if self.s3_uri is not None and not _S3_PREFIX.fullmatch(self.s3_uri):
            raise InvalidSpecError(
                f"{self.model_id}: {self.s3_uri!r} is not a prefix in S3.",
                remedy="It must read 's3://BUCKET/PREFIX/' and end in '/', the prefix of letters, digits and !-_.'()/.",
            )


def check_model_id(model_id: str) -> None:
    """Refuse what is not written as the hub writes ids.

    Raises:
        InvalidSpecError: it is not.
    """
    if not _HUB_ID.fullmatch(model_id) or len(model_id) > _LONGEST_ID:
        raise InvalidSpecError(
            f"model id {model_id!r} is not a hub id.",
            remedy=f"It must read 'owner/name', in at most {_LONGEST_ID} characters.",
        )
