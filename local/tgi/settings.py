"""What the container's environment says: the launcher's settings, and its refusals.

Names, defaults and rules are those of TGI's launcher and router (launcher/src/main.rs, backends/v3/src/main.rs, v3.3)
behind the SageMaker entry point, which maps HF_MODEL_ID → MODEL_ID, HF_MODEL_REVISION → REVISION, HF_MODEL_QUANTIZE →
QUANTIZE and SM_NUM_GPUS → NUM_SHARD. Settings of GPUs and kernels are read, checked and otherwise without effect here.
The LOCAL_TGI_* variables are this server's own.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.llama.errors import StartupError
from local.llama.mounted import Mounted, parse_mounted
from local.tgi.environment import Environment

_QUANTIZATIONS: Final = (
    "awq", "bitsandbytes", "bitsandbytes-fp4", "bitsandbytes-nf4", "compressed-tensors", "eetq", "exl2", "fp8", "gptq",
    "marlin",
)  # fmt: skip
_DTYPES: Final = ("float16", "bfloat16")
_KV_CACHE_DTYPES: Final = ("fp8_e4m3fn", "fp8_e5m2")
# More at once only makes every answer slower on a CPU.
_MOST_IN_BATCH: Final = 16
_LOG_LEVELS: Final = ("trace", "debug", "info", "warn", "error")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One deployment's settings; token limits are None where the environment leaves them open.

    Attributes:
        model_id: the hub's id, or a path.
        revision: the commit of the weights.
        model_file: a GGUF file to serve in any case.
        hub_url: the hub to ask, where the deployment names another than the usual one.
        hub_token: what the hub is shown.
        quantize: the format that the weights are brought into.
        shards: GPUs that the weights are spread over.
        mounted: what SageMaker would mount of the model's files; None where nobody says.
        gpu_memory_mib: the memory of each GPU; None where there is none to speak of.
        max_concurrent_requests: requests held at once; above it 429.
        max_best_of: the highest `best_of`.
        max_stop_sequences: stop sequences in one request.
        max_top_n_tokens: the highest `top_n_tokens`.
        max_client_batch_size: prompts in one completion.
        max_input_tokens: the longest prompt.
        max_total_tokens: the longest prompt and its answer.
        max_batch_prefill_tokens: prompt tokens that are read in one pass.
        max_batch_total_tokens: tokens of all running requests.
        max_batch_size: requests that generate at once.
        payload_limit_bytes: the longest body.
        validation_workers: shown in /info.
        disable_grammar_support: refuse every grammar.
        lora_adapters: adapters that the deployment names.
        api_key: what a client must send as a bearer token.
        cors_allow_origins: sites whose pages may call.
        compute_type: the value of the header x-compute-type.
        json_output: log in JSON.
        log_level: trace, debug, info, warn or error.
        threads: that compute.
    """

    model_id: str | None
    revision: str | None
    model_file: Path | None
    hub_url: str | None
    hub_token: str | None
    quantize: str | None
    shards: int
    mounted: Mounted | None
    gpu_memory_mib: int | None
    max_concurrent_requests: int
    max_best_of: int
    max_stop_sequences: int
    max_top_n_tokens: int
    max_client_batch_size: int
    max_input_tokens: int | None
    max_total_tokens: int | None
    max_batch_prefill_tokens: int | None
    max_batch_total_tokens: int | None
    max_batch_size: int
    payload_limit_bytes: int
    validation_workers: int
    disable_grammar_support: bool
    lora_adapters: tuple[str, ...]
    api_key: str | None
    cors_allow_origins: tuple[str, ...]
    compute_type: str
    json_output: bool
    log_level: str
    threads: int

    @classmethod
    def from_environment(cls, variables: Mapping[str, str], *, model_file: Path | None = None) -> "Settings":
        """Read them.

        Args:
            variables: the process's environment.
            model_file: goes before LOCAL_TGI_MODEL_FILE.

        Raises:
            StartupError: a value is not allowed, or two contradict each other.
        """
        environment = Environment(variables)
        _check_combinations(environment)
        local_file = environment.text("LOCAL_TGI_MODEL_FILE")
        mounted = environment.text("LOCAL_MOUNTED")
        return cls(
            model_id=environment.text("HF_MODEL_ID", "MODEL_ID"),
            revision=environment.text("HF_MODEL_REVISION", "REVISION"),
            model_file=model_file or (Path(local_file) if local_file else None),
            hub_url=environment.text("HF_ENDPOINT"),
            hub_token=environment.text("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"),
            quantize=environment.text("HF_MODEL_QUANTIZE", "QUANTIZE"),
            shards=_or(environment.count("SM_NUM_GPUS", "NUM_SHARD", least=1), 1),
            mounted=parse_mounted(mounted) if mounted else None,
            gpu_memory_mib=environment.count("LOCAL_GPU_MEMORY_MIB", least=1),
            max_concurrent_requests=_or(environment.count("MAX_CONCURRENT_REQUESTS", least=1), 128),
            max_best_of=_or(environment.count("MAX_BEST_OF", least=1), 2),
            max_stop_sequences=_or(environment.count("MAX_STOP_SEQUENCES"), 4),
            max_top_n_tokens=_or(environment.count("MAX_TOP_N_TOKENS"), 5),
            max_client_batch_size=_or(environment.count("MAX_CLIENT_BATCH_SIZE", least=1), 4),
            max_input_tokens=environment.count("MAX_INPUT_TOKENS", "MAX_INPUT_LENGTH", least=1),
            max_total_tokens=environment.count("MAX_TOTAL_TOKENS", least=2),
            max_batch_prefill_tokens=environment.count("MAX_BATCH_PREFILL_TOKENS", least=1),
            max_batch_total_tokens=environment.count("MAX_BATCH_TOTAL_TOKENS", least=1),
            max_batch_size=min(_or(environment.count("MAX_BATCH_SIZE", least=1), 4), _MOST_IN_BATCH),
            payload_limit_bytes=_or(environment.count("PAYLOAD_LIMIT", least=1), 2_000_000),
            validation_workers=_or(environment.count("VALIDATION_WORKERS", least=1), 2),
            disable_grammar_support=environment.flag("DISABLE_GRAMMAR_SUPPORT"),
            lora_adapters=_split(environment.text("LORA_ADAPTERS")),
            api_key=environment.text("API_KEY"),
            cors_allow_origins=_split(environment.text("CORS_ALLOW_ORIGIN")) or ("*",),
            compute_type=environment.text("COMPUTE_TYPE") or "cpu",
            json_output=environment.flag("JSON_OUTPUT"),
            log_level=environment.choice(_LOG_LEVELS, "LOG_LEVEL") or "info",
            threads=_or(environment.count("LOCAL_TGI_THREADS", least=1), min(2, os.cpu_count() or 1)),
        )


def _check_combinations(environment: Environment) -> None:
    quantize = environment.choice(_QUANTIZATIONS, "HF_MODEL_QUANTIZE", "QUANTIZE")
    dtype = environment.choice(_DTYPES, "DTYPE")
    if quantize and dtype:
        raise StartupError(
            f"Only 1 can be set between `dtype` and `quantize`, as they both decide how goes the final model. "
            f"Given: {dtype} and {quantize}"
        )
    environment.choice(_KV_CACHE_DTYPES, "KV_CACHE_DTYPE")
    environment.count("SM_NUM_GPUS", "NUM_SHARD", least=1)
    environment.count("MAX_BATCH_PREFILL_TOKENS", least=1)
    environment.count("MAX_WAITING_TOKENS")
    tokens, length = environment.count("MAX_INPUT_TOKENS"), environment.count("MAX_INPUT_LENGTH")
    if tokens is not None and length is not None:
        raise StartupError(
            f"Both `max_input_tokens` ({tokens}) and `max_input_length` ({length}) are set. "
            "Please define only `max_input_tokens` as `max_input_length is deprecated for naming consistency."
        )
    max_input = tokens if tokens is not None else length
    max_total = environment.count("MAX_TOTAL_TOKENS")
    if max_input is not None and max_total is not None and max_input >= max_total:
        raise StartupError(f"`max_input_tokens`({max_input}) must be < `max_total_tokens`({max_total})")
    max_batch_total = environment.count("MAX_BATCH_TOTAL_TOKENS")
    if max_total is not None and max_batch_total is not None and max_total > max_batch_total:
        raise StartupError(
            f"`max_total_tokens` must be <= `max_batch_total_tokens`. Given: {max_total} and {max_batch_total}"
        )


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def _split(value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())
