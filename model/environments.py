"""The environment of a container: what each engine has to be told, variable by variable.

Which engine is asked, and whether SageMaker takes the result, is for engines.py. No secret ever goes into an
environment; weights that need a token come from S3.
"""

from model.limits import ServingLimits
from model.memory import USABLE_SHARE
from model.spec import Dtype, ModelSpec, Quantization

# Where SageMaker puts the files of a model that has a data source.
_WEIGHTS_FOLDER = "/opt/ml/model"


def describe_tgi(spec: ModelSpec, limits: ServingLimits, gpus_per_copy: int) -> dict[str, str]:
    """Return TGI's environment: its SageMaker entry point maps HF_* and SM_NUM_GPUS, the launcher reads the rest."""
    if spec.s3_uri is None:
        environment = {"HF_MODEL_ID": spec.model_id, "HF_MODEL_REVISION": spec.revision}
    else:
        environment = {"HF_MODEL_ID": _WEIGHTS_FOLDER, "HF_HUB_OFFLINE": "1"}
    if spec.quantization is not None:
        environment["HF_MODEL_QUANTIZE"] = spec.quantization.value
    elif spec.dtype is Dtype.BFLOAT16:
        # TGI's default is float16 for most models, which overflows where bfloat16 did not. It may not go with QUANTIZE.
        environment["DTYPE"] = spec.dtype.value
    if spec.adapters:
        environment["LORA_ADAPTERS"] = ",".join(map(str, spec.adapters))
    return environment | {
        "SM_NUM_GPUS": str(gpus_per_copy),
        "MAX_INPUT_TOKENS": str(limits.max_input_tokens),
        "MAX_TOTAL_TOKENS": str(limits.max_total_tokens),
        "MAX_BATCH_PREFILL_TOKENS": str(limits.max_batch_prefill_tokens),
        "MAX_BATCH_TOTAL_TOKENS": str(limits.max_batch_total_tokens),
        "MAX_CONCURRENT_REQUESTS": str(limits.max_concurrent_requests),
        "USAGE_STATS": "off",
    }


def describe_vllm(spec: ModelSpec, limits: ServingLimits, gpus_per_copy: int) -> dict[str, str]:
    """Return vLLM's environment: the image's entry point makes `--flag value` of every SM_VLLM_FLAG.

    https://aws.github.io/deep-learning-containers/vllm/configuration/

    vLLM has no limit on the tokens of all requests: it fills the share of the GPU that it is given with KV cache and
    lets requests wait for room. Requests beyond `max_num_seqs` wait too; none is turned away.
    """
    if spec.s3_uri is None:
        # It is served under the name that it has on the hub.
        environment = {"SM_VLLM_MODEL": spec.model_id, "SM_VLLM_REVISION": spec.revision}
    else:
        environment = {
            "SM_VLLM_MODEL": _WEIGHTS_FOLDER,
            "SM_VLLM_SERVED_MODEL_NAME": spec.model_id,
            "HF_HUB_OFFLINE": "1",
        }
    if spec.quantization is Quantization.FP8:
        # The others are in the checkpoint's own config, where vLLM finds the faster kernel for them.
        environment["SM_VLLM_QUANTIZATION"] = spec.quantization.value
    if spec.quantization is None:
        environment["SM_VLLM_DTYPE"] = (Dtype.FLOAT16 if spec.dtype is Dtype.FLOAT16 else Dtype.BFLOAT16).value
    if spec.adapter_room:
        environment |= _describe_adapter_slots(spec, gpus_per_copy)
    return environment | {
        # The image's notebooks set it: without it, they say, the health check does not reach the server.
        "SM_VLLM_HOST": "0.0.0.0",  # noqa: S104 - the container's own network, where only SageMaker calls
        "SM_VLLM_TENSOR_PARALLEL_SIZE": str(gpus_per_copy),
        "SM_VLLM_MAX_MODEL_LEN": str(limits.max_total_tokens),
        "SM_VLLM_MAX_NUM_BATCHED_TOKENS": str(limits.max_batch_prefill_tokens),
        "SM_VLLM_MAX_NUM_SEQS": str(limits.max_concurrent_requests),
        "SM_VLLM_GPU_MEMORY_UTILIZATION": f"{USABLE_SHARE:.2f}",
        # The image's own addition would take half of the instance's main memory for itself, whatever a copy reserves,
        # and keep the KV of sliding layers beyond their window.
        "HF_ENABLE_LMCACHE": "0",
        "VLLM_NO_USAGE_STATS": "1",
    }


def _describe_adapter_slots(spec: ModelSpec, gpus_per_copy: int) -> dict[str, str]:
    """Return what has vLLM keep room for adapters and take them from SageMaker while it runs (POST /adapters).

    Without the last variable the routes are missing: the adapters' components get into service all the same, and every
    request for one fails. https://github.com/huggingface/hub-docs/tree/main/docs/sagemaker/notebooks/sagemaker-sdk/multi-lora-adapters-vllm
    """
    environment = {
        "SM_VLLM_ENABLE_LORA": "true",
        "SM_VLLM_MAX_LORAS": str(spec.adapter_room),
        "SM_VLLM_MAX_LORA_RANK": str(spec.adapter_rank),
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "true",
    }
    if gpus_per_copy > 1:
        # By itself vLLM splits half of an adapter over the GPUs, and every GPU holds the other half.
        environment["SM_VLLM_FULLY_SHARDED_LORAS"] = "true"
    return environment
