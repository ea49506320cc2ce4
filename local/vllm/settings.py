"""What the container's environment says: the flags of `vllm serve`, and vLLM's own variables.

Flags of GPUs and kernels are read, checked and otherwise without effect here. LOCAL_* variables are this machine's.
"""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from local.llama.errors import StartupError
from local.llama.hub import Hub
from local.llama.mounted import Mounted, parse_mounted
from local.vllm.entrypoint import list_arguments
from local.vllm.flags import parse_flags

_LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One deployment's settings.

    Attributes:
        model_id: the hub's id, or a path; vLLM's own default where nothing names one.
        served_names: what a request may call the model; the first is what answers call it.
        hub: where the model is looked for.
        model_file: a GGUF file to serve in any case.
        mounted: what SageMaker would mount of the model's files; None where nobody says.
        quantization: the format that the weights are brought into.
        gpus: that the weights are spread over.
        gpu_memory_mib: the memory of each GPU; None where there is none to speak of.
        gpu_memory_utilization: the share of it that vLLM may take.
        max_model_len: tokens of a prompt and its answer together; None for all that the model can.
        max_num_seqs: requests that generate at once; others wait.
        max_num_batched_tokens: prompt tokens that are read in one pass.
        max_logprobs: the most log probabilities for one token.
        enable_lora: whether there is room for adapters.
        max_loras: adapters that generate at once.
        max_lora_rank: the highest rank of an adapter.
        allow_runtime_lora_updating: whether adapters come and go while the server runs.
        api_keys: what a client must send one of, as a bearer token.
        allowed_origins: sites whose pages may call.
        log_stats: whether a line of statistics is written.
        log_stats_interval_s: how often.
        log_level: DEBUG, INFO, WARNING or ERROR.
        threads: that compute.
        given: the flags that were given, as the log shows them.
    """

    model_id: str
    served_names: tuple[str, ...]
    hub: Hub
    model_file: Path | None
    mounted: Mounted | None
    quantization: str | None
    gpus: int
    gpu_memory_mib: int | None
    gpu_memory_utilization: float
    max_model_len: int | None
    max_num_seqs: int
    max_num_batched_tokens: int | None
    max_logprobs: int
    enable_lora: bool
    max_loras: int
    max_lora_rank: int
    allow_runtime_lora_updating: bool
    api_keys: tuple[str, ...] = field(repr=False)
    allowed_origins: tuple[str, ...]
    log_stats: bool
    log_stats_interval_s: float
    log_level: str
    threads: int
    given: tuple[str, ...] = field(repr=False)

    @classmethod
    def from_environment(cls, variables: Mapping[str, str], *, model_file: Path | None = None) -> "Settings":
        """Read them.

        Args:
            variables: the process's environment.
            model_file: goes before LOCAL_VLLM_MODEL_FILE.

        Raises:
            StartupError: a variable's value is not allowed.
            SystemExit: a flag's is not, or there is no such flag; the reason is on stderr.
        """
        arguments = list_arguments(variables)
        flags = parse_flags(arguments)
        model_id = flags.model or flags.model_tag
        if model_id is None:
            raise StartupError("no model is named: SM_VLLM_MODEL or HF_MODEL_ID must be set")
        _check_ranges(flags)
        named = variables.get("LOCAL_VLLM_MODEL_FILE")
        mounted = variables.get("LOCAL_MOUNTED")
        keys = flags.api_key or [variables.get("VLLM_API_KEY", "")]
        return cls(
            model_id=model_id,
            served_names=tuple(flags.served_model_name) or (model_id,),
            hub=Hub(
                url=variables.get("HF_ENDPOINT") or None,
                token=variables.get("HF_TOKEN") or variables.get("HUGGING_FACE_HUB_TOKEN") or None,
                revision=flags.revision,
            ),
            model_file=model_file or (Path(named) if named else None),
            mounted=parse_mounted(mounted) if mounted else None,
            quantization=flags.quantization,
            gpus=flags.tensor_parallel_size,
            gpu_memory_mib=int(_number(variables, "LOCAL_GPU_MEMORY_MIB", 0)) or None,
            gpu_memory_utilization=flags.gpu_memory_utilization,
            max_model_len=flags.max_model_len,
            max_num_seqs=flags.max_num_seqs,
            max_num_batched_tokens=flags.max_num_batched_tokens,
            max_logprobs=flags.max_logprobs,
            enable_lora=flags.enable_lora,
            max_loras=flags.max_loras,
            max_lora_rank=flags.max_lora_rank,
            # vLLM's rule for it (vllm/envs.py).
            allow_runtime_lora_updating=variables.get("VLLM_ALLOW_RUNTIME_LORA_UPDATING", "0").strip().lower()
            in {"1", "true"},
            api_keys=tuple(key for key in keys if key),
            allowed_origins=_origins(flags.allowed_origins),
            log_stats=not flags.disable_log_stats,
            log_stats_interval_s=_number(variables, "VLLM_LOG_STATS_INTERVAL", 10.0),
            log_level=_log_level(variables),
            threads=int(_number(variables, "LOCAL_VLLM_THREADS", min(2, os.cpu_count() or 1))),
            given=_without_keys(arguments),
        )


def _without_keys(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments as the log may show them."""
    shown = ["***" if before == "--api-key" else argument for before, argument in pairwise(["", *arguments])]
    return tuple(shown)


def _check_ranges(flags: argparse.Namespace) -> None:
    for name in ("max_model_len", "max_num_seqs", "max_num_batched_tokens", "tensor_parallel_size", "max_loras"):
        value = getattr(flags, name)
        if value is not None and value < 1:
            raise StartupError(f"{name}={value} is not allowed: it must be at least 1")
    if not 0.0 < flags.gpu_memory_utilization <= 1.0:
        raise StartupError(
            f"gpu_memory_utilization={flags.gpu_memory_utilization} is not allowed: it must be above 0 and at most 1"
        )


def _number(variables: Mapping[str, str], name: str, default: float) -> float:
    text = variables.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise StartupError(f"{name}={text!r} is not allowed: it must be a number of at least 0")
    return value


def _log_level(variables: Mapping[str, str]) -> str:
    level = variables.get("VLLM_LOGGING_LEVEL", "").upper() or "INFO"
    if level not in _LOG_LEVELS:
        raise StartupError(f"VLLM_LOGGING_LEVEL={level!r} is not known: allowed are {', '.join(_LOG_LEVELS)}")
    return level


def _origins(text: str) -> tuple[str, ...]:
    try:
        origins = json.loads(text)
        return tuple(map(str, origins)) if isinstance(origins, list) else (str(origins),)
    except ValueError as error:
        raise StartupError(f"--allowed-origins {text!r} is no JSON list: {error}") from error
