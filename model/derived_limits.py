"""The limits that a GPU has room for: the other way round from fit.py, which checks limits that somebody chose."""

from model.engines import Engine, traits_of
from model.errors import DoesNotFitError
from model.hardware import InstanceType
from model.limits import ServingLimits
from model.memory import count_kv_tokens
from model.spec import ModelSpec

# Round numbers, and whole blocks of every paged KV cache.
_STEP_TOKENS = 256
# Three quarters of the room of a request for its prompt: retrieved passages are longer than answers.
_INPUT_SHARE = 0.75
# Requests are shorter than the longest by far, and some may wait: sixteen for each that there is room for at full
# length, and no more than TGI's own default of 128.
_REQUESTS_PER_LONGEST = 16
_MAX_REQUESTS = 128


def derive_limits(
    spec: ModelSpec,
    *,
    instance: InstanceType,
    gpus_per_copy: int,
    engine: Engine,
    longest_requests_at_once: int = 4,
) -> ServingLimits:
    """Return the greatest limits of one copy that leave room for several longest requests at once.

    Args:
        spec: the model.
        instance: the instance type.
        gpus_per_copy: GPUs of one copy.
        engine: what runs the model.
        longest_requests_at_once: how many requests of the greatest length have to fit side by side.

    Raises:
        DoesNotFitError: there is not even room for that many short ones.
    """
    low, high = 0, spec.max_positions // _STEP_TOKENS
    while low < high:
        middle = (low + high + 1) // 2
        total_tokens = middle * _STEP_TOKENS
        room = _count_room(spec, instance, gpus_per_copy, engine, total_tokens)
        if room >= longest_requests_at_once * total_tokens:
            low = middle
        else:
            high = middle - 1
    if low == 0:
        raise DoesNotFitError(
            f"{spec.model_id} on {gpus_per_copy} GPU(s) of {instance.name} has no room for "
            f"{longest_requests_at_once} requests of {_STEP_TOKENS} tokens.",
            remedy="Take a larger instance type, more GPUs per copy, or quantized weights.",
        )
    total_tokens = low * _STEP_TOKENS
    room = _count_room(spec, instance, gpus_per_copy, engine, total_tokens)
    return ServingLimits(
        max_input_tokens=_count_input(total_tokens),
        max_total_tokens=total_tokens,
        max_batch_prefill_tokens=_count_input(total_tokens),
        max_batch_total_tokens=room // _STEP_TOKENS * _STEP_TOKENS,
        max_concurrent_requests=min(_MAX_REQUESTS, _REQUESTS_PER_LONGEST * longest_requests_at_once),
    )


def _count_input(total_tokens: int) -> int:
    return int(total_tokens * _INPUT_SHARE)


def _count_room(spec: ModelSpec, instance: InstanceType, gpus: int, engine: Engine, total_tokens: int) -> int:
    return count_kv_tokens(
        spec,
        gpu=instance.gpu,
        gpus=gpus,
        prefill_tokens=_count_input(total_tokens),
        request_tokens=total_tokens,
        frees_windows=traits_of(engine).frees_windows,
    )
