"""What the environment comes to, and how a process ends that is told something wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from local.llama.errors import StartupError
from local.llama.mounted import Mounted
from local.vllm.entrypoint import list_arguments
from local.vllm.limits import Limits
from local.vllm.settings import Settings
from local.vllm.weights import find_weights

SMALL = "HuggingFaceTB/SmolLM2-135M-Instruct"


def read(**variables: str) -> Settings:
    return Settings.from_environment({"SM_VLLM_MODEL": SMALL, **variables})


def test_variables_become_flags_as_the_images_entry_point_makes_them():
    assert list_arguments(
        {
            "SM_VLLM_MODEL": "a/b",
            "SM_VLLM_ENABLE_LORA": "True",
            "SM_VLLM_ENFORCE_EAGER": "false",
            "SM_VLLM_MAX_MODEL_LEN": "4096",
            "SM_VLLM_PORT": "9000",
            "VLLM_NO_USAGE_STATS": "1",
        }
    ) == ["--enable-lora", "--max-model-len", "4096", "--model", "a/b"]


def test_without_a_models_flag_the_mounted_one_goes_before_the_hubs():
    assert list_arguments({"HF_MODEL_ID": "a/b"}) == ["--model", "a/b"]
    assert list_arguments({"HF_MODEL_ID": "a/b", "LOCAL_MOUNTED": "{}"}) == ["--model", "/opt/ml/model"]
    assert list_arguments({}) == []


def test_what_was_deployed_is_read():
    settings = read(
        SM_VLLM_SERVED_MODEL_NAME="twin",
        SM_VLLM_MAX_MODEL_LEN="8K",
        SM_VLLM_TENSOR_PARALLEL_SIZE="4",
        SM_VLLM_API_KEY="sesame",
        VLLM_ALLOW_RUNTIME_LORA_UPDATING="True",
    )
    assert (settings.model_id, settings.served_names, settings.max_model_len) == (SMALL, ("twin",), 8192)
    assert (settings.gpus, settings.max_num_seqs, settings.allow_runtime_lora_updating) == (4, 256, True)
    assert settings.api_keys == ("sesame",)
    assert "sesame" not in f"{settings!r} {settings.given}"
    assert read().served_names == (SMALL,)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("MAX_NUM_SEQS", "0", "max_num_seqs=0 is not allowed: it must be at least 1"),
        ("GPU_MEMORY_UTILIZATION", "1.5", "gpu_memory_utilization=1.5 is not allowed"),
        ("ALLOWED_ORIGINS", "*", r"--allowed-origins '\*' is no JSON list"),
    ],
)
def test_a_value_out_of_range_is_named(name: str, value: str, reason: str):
    with pytest.raises(StartupError, match=reason):
        read(**{f"SM_VLLM_{name}": value})


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("MAX_MODEL_LEN", "long", "argument --max-model-len: 'long' is no number of tokens"),
        ("MAX_LORA_RANK", "24", "argument --max-lora-rank: invalid choice: 24 (choose from 1, 8,"),
        ("QUANTIZATION", "int3", "argument --quantization/-q: invalid choice: 'int3'"),
    ],
)
def test_a_flag_of_another_form_is_refused_as_by_vllm(
    capsys: pytest.CaptureFixture[str], name: str, value: str, reason: str
):
    with pytest.raises(SystemExit) as ended:
        read(**{f"SM_VLLM_{name}": value})
    assert ended.value.code == 2
    assert f"vllm serve: error: {reason}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "status", "reason"),
    [
        ("MAX_TOTAL_TOKENS", "9", 2, "vllm serve: error: unrecognized arguments: --max-total-tokens"),
        (
            "MODEL",
            "acme/unknown-7b",
            1,
            "Error: RepositoryNotFoundError: 404 Client Error. Repository Not Found",
        ),
        ("MAX_MODEL_LEN", "9000", 1, "Error: ValueError: User-specified max_model_len (9000) is greater than the "),
    ],
)
def test_a_start_that_cannot_succeed_says_why_on_the_last_line(
    start_container: Callable[..., object], name: str, value: str, status: int, reason: str
):
    container = start_container({"SM_VLLM_MODEL": SMALL, f"SM_VLLM_{name}": value})
    assert container.wait_until_ended(60) == status
    assert container.lines[-1].startswith(reason)
    assert not any("Traceback" in line for line in container.lines)


def test_weights_that_are_not_whole_are_refused_in_vllms_words():
    def find(*files: str, **tensors: str) -> None:
        mounted = Mounted(files=frozenset(files), tensors=tensors)
        settings = Settings.from_environment({"SM_VLLM_MODEL": "/opt/ml/model"})
        find_weights(type(settings)(**{**vars(settings), "mounted": mounted}))

    with pytest.raises(StartupError, match=r"does not appear to have a file named config\.json"):
        find("model.safetensors")
    with pytest.raises(StartupError, match="Cannot find any model weights with `/opt/ml/model`"):
        find("config.json")
    with pytest.raises(StartupError, match=r"were not initialized from checkpoint: \{'lm_head\.weight'\}"):
        find("config.json", "a.safetensors", **{"b.safetensors": "lm_head.weight"})
    find("config.json", "a.safetensors", **{"a.safetensors": "lm_head.weight"})


def test_a_window_is_the_models_and_a_batch_what_a_cpu_bears(tmp_path: Path):
    weights = find_weights(read(), added_models=tmp_path / "none")
    limits = Limits.resolve(read(SM_VLLM_MAX_NUM_SEQS="64"), window_tokens=8192, stand_in=weights.stand_in)
    assert (limits.max_model_len, limits.max_num_seqs, limits.cached_tokens) == (8192, 8, 8192)
    short = Limits.resolve(read(SM_VLLM_MAX_MODEL_LEN="512"), window_tokens=8192, stand_in=None)
    assert (short.max_model_len, short.cached_tokens) == (512, 4096)


@pytest.mark.parametrize(
    ("model_id", "variables", "reason"),
    [
        ("Qwen/Qwen2.5-32B-Instruct", {}, "CUDA out of memory"),
        (
            "mistralai/Mistral-7B-Instruct-v0.3",
            {"SM_VLLM_MAX_NUM_BATCHED_TOKENS": "200k"},
            "No available memory for the cache blocks",
        ),
        (
            "mistralai/Mistral-7B-Instruct-v0.3",
            {"SM_VLLM_ENABLE_LORA": "true", "SM_VLLM_MAX_LORAS": "2", "SM_VLLM_MAX_LORA_RANK": "512"},
            r"max seq len \(32768\), \(4\.00 GiB KV cache is needed, which is larger than the available KV cache",
        ),
    ],
)
def test_a_model_that_does_not_fit_into_the_gpus_fails_as_it_would_there(model_id, variables, reason):
    settings = read(SM_VLLM_MODEL=model_id, LOCAL_GPU_MEMORY_MIB="22888", **variables)
    with pytest.raises(StartupError, match=reason):
        find_weights(settings)


def test_a_model_that_fits_is_stood_in_for():
    settings = read(SM_VLLM_MODEL="mistralai/Mistral-7B-Instruct-v0.3", LOCAL_GPU_MEMORY_MIB="22888")
    assert find_weights(settings).stand_in is not None
