"""The flags of `vllm serve`: which there are, what each takes, and how a wrong one ends the process.

Names, defaults and choices are vLLM's (vllm/engine/arg_utils.py and vllm/entrypoints/openai/cli_args.py). Flags of
kernels, GPUs and processes are read and otherwise without effect. A flag that is not in these lists is refused as vLLM
refuses one that it does not know: it may be one of vLLM's rarer ones.
"""

import argparse
import re
from collections.abc import Sequence
from typing import Final

# MaxLoRARanks in vllm/config/lora.py.
_LORA_RANKS: Final = (1, 8, 16, 32, 64, 128, 256, 320, 512)
_DTYPES: Final = ("auto", "bfloat16", "float", "float16", "float32", "half")
_QUANTIZATIONS: Final = (
    "awq", "awq_marlin", "bitsandbytes", "compressed-tensors", "fp8", "gguf", "gptq", "gptq_marlin", "modelopt",
    "mxfp4", "torchao",
)  # fmt: skip
_WITHOUT_EFFECT: Final = (
    "attention-backend", "block-size", "chat-template", "chat-template-content-format", "compilation-config",
    "config-format", "cpu-offload-gb", "data-parallel-size", "distributed-executor-backend", "generation-config",
    "hf-overrides", "kv-cache-dtype", "kv-cache-memory-bytes", "kv-transfer-config", "limit-mm-per-prompt",
    "load-format", "max-cpu-loras", "model-impl", "override-generation-config",
    "pipeline-parallel-size", "reasoning-parser", "root-path", "scheduling-policy", "seed", "speculative-config",
    "swap-space", "tokenizer", "tokenizer-mode", "tokenizer-revision", "tool-call-parser", "uvicorn-log-level",
)  # fmt: skip
_SWITCHES_WITHOUT_EFFECT: Final = (
    "async-scheduling", "disable-log-requests", "enable-auto-tool-choice", "enable-chunked-prefill",
    "enable-expert-parallel", "enable-log-requests", "enable-prefix-caching", "enforce-eager", "fully-sharded-loras",
    "trust-remote-code",
)  # fmt: skip
_SIZES: Final = {"k": 10**3, "m": 10**6, "g": 10**9, "K": 2**10, "M": 2**20, "G": 2**30}


def parse_flags(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the flags' values, by their names with underscores.

    Raises:
        SystemExit: with status 2, after the reason was written to stderr as vLLM writes it.
    """
    return _build_parser().parse_args(arguments)


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vllm serve", usage="vllm serve [model_tag] [options]", add_help=False, allow_abbrev=False
    )
    parser.add_argument("model_tag", nargs="?")
    parser.add_argument("--model")
    parser.add_argument("--revision")
    parser.add_argument("--served-model-name", nargs="+", default=[])
    parser.add_argument("--dtype", choices=_DTYPES, default="auto")
    parser.add_argument("--quantization", "-q", choices=_QUANTIZATIONS)
    parser.add_argument("--max-model-len", type=_size)
    parser.add_argument("--max-num-seqs", type=int, default=256)
    parser.add_argument("--max-num-batched-tokens", type=_size)
    parser.add_argument("--max-logprobs", type=int, default=20)
    parser.add_argument("--tensor-parallel-size", "-tp", type=int, default=1)
    parser.add_argument("--gpu-memory-utilization", type=float, default=0.9)
    parser.add_argument("--enable-lora", action=argparse.BooleanOptionalAction, default=False)
    parser.add_argument("--max-loras", type=int, default=1)
    parser.add_argument("--max-lora-rank", type=int, choices=_LORA_RANKS, default=16)
    parser.add_argument("--api-key", nargs="+", default=[])
    parser.add_argument("--allowed-origins", type=str, default='["*"]')
    parser.add_argument("--disable-log-stats", action="store_true")
    for name in _WITHOUT_EFFECT:
        parser.add_argument(f"--{name}", help=argparse.SUPPRESS)
    for name in _SWITCHES_WITHOUT_EFFECT:
        parser.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, help=argparse.SUPPRESS)
    return parser


def _size(text: str) -> int:
    """Read `8192`, `8k` (8,000) or `8K` (8,192), as vLLM does."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kmgKMG]?)", text, re.ASCII)
    if match is None or ("." in match[1] and match[2] not in {"k", "m", "g"}):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of tokens: allowed are forms as 8192, 8k and 8K")
    return int(float(match[1]) * _SIZES.get(match[2], 1))
