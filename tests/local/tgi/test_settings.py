from dataclasses import replace

import pytest

from local.llama.errors import StartupError
from local.llama.weights import StandIn
from local.tgi.limits import Limits
from local.tgi.settings import Settings
from local.tgi.weights import find_weights
from model.added import FILE_NAME, write_added
from model.catalog import SMOLLM2

# The environment that the book's deployment sets (LLM Engineer's Handbook, chapter 10).
BOOK = {
    "HF_MODEL_ID": "mlabonne/TwinLlama-3.1-8B-DPO",
    "SM_NUM_GPUS": "1",
    "MAX_INPUT_LENGTH": "2048",
    "MAX_TOTAL_TOKENS": "4096",
    "MAX_BATCH_TOTAL_TOKENS": "4096",
    "MAX_BATCH_PREFILL_TOKENS": "10000",
    "HF_MODEL_QUANTIZE": "bitsandbytes",
}


def test_defaults_are_tgis():
    settings = Settings.from_environment({})
    assert (settings.max_concurrent_requests, settings.max_best_of, settings.max_stop_sequences) == (128, 2, 4)
    assert (settings.max_top_n_tokens, settings.max_client_batch_size) == (5, 4)
    assert (settings.payload_limit_bytes, settings.validation_workers) == (2_000_000, 2)
    assert (settings.max_input_tokens, settings.max_total_tokens) == (None, None)


def test_the_books_environment_is_accepted_as_tgi_accepts_it():
    settings = Settings.from_environment(BOOK)
    assert (settings.max_input_tokens, settings.max_total_tokens) == (2048, 4096)


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        (
            {"MAX_INPUT_TOKENS": "1", "MAX_INPUT_LENGTH": "1"},
            r"Both `max_input_tokens` \(1\) and `max_input_length` \(1\)",
        ),
        (
            {"MAX_INPUT_TOKENS": "10", "MAX_TOTAL_TOKENS": "10"},
            r"`max_input_tokens`\(10\) must be < `max_total_tokens`\(10\)",
        ),
        (
            {"MAX_TOTAL_TOKENS": "20", "MAX_BATCH_TOTAL_TOKENS": "10"},
            "`max_total_tokens` must be <= `max_batch_total_tokens`. Given: 20 and 10",
        ),
        ({"MAX_TOTAL_TOKENS": "many"}, "MAX_TOTAL_TOKENS='many' is not allowed: it must be a whole number of at least"),
        ({"MAX_CONCURRENT_REQUESTS": "0"}, "MAX_CONCURRENT_REQUESTS='0' is not allowed"),
        ({"MAX_CONCURRENT_REQUESTS": "-1"}, "MAX_CONCURRENT_REQUESTS='-1' is not allowed"),
        ({"MAX_BATCH_SIZE": ""}, "MAX_BATCH_SIZE='' is not allowed"),
        ({"SM_NUM_GPUS": "one"}, "SM_NUM_GPUS='one' is not allowed"),
        ({"VALIDATION_WORKERS": "0"}, "VALIDATION_WORKERS='0' is not allowed"),
        ({"HF_MODEL_QUANTIZE": "int3"}, "HF_MODEL_QUANTIZE='int3' is not known: allowed are awq, bitsandbytes, "),
        ({"DTYPE": "float8"}, "DTYPE='float8' is not known: allowed are float16, bfloat16"),
        ({"DTYPE": "float16", "QUANTIZE": "awq"}, "Only 1 can be set between `dtype` and `quantize`"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL='loud' is not known"),
        ({"LOCAL_TGI_THREADS": "0"}, "LOCAL_TGI_THREADS='0' is not allowed"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(variables: dict[str, str], reason: str):
    with pytest.raises(StartupError, match=f"^{reason}"):
        Settings.from_environment(variables)


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_a_flag_is_read_as_the_launcher_reads_it(value: str, expected: bool):
    assert Settings.from_environment({"DISABLE_GRAMMAR_SUPPORT": value}).disable_grammar_support is expected


def resolve(variables: dict[str, str], *, stand_in: StandIn | None = None) -> Limits:
    return Limits.resolve(Settings.from_environment(variables), window_tokens=8192, stand_in=stand_in)


def test_open_limits_are_completed_by_the_models_window():
    limits = resolve({})
    assert (limits.max_input_tokens, limits.max_total_tokens, limits.max_batch_total_tokens) == (8191, 8192, 8192)
    assert resolve({"MAX_TOTAL_TOKENS": "100"}).max_input_tokens == 99


def test_the_cache_has_room_for_the_longest_request_and_for_a_batch_of_short_ones():
    assert resolve({"MAX_TOTAL_TOKENS": "1024"}).max_batch_total_tokens == 4096
    assert resolve({"MAX_TOTAL_TOKENS": "4096"}).max_batch_total_tokens == 8192
    assert resolve({"MAX_TOTAL_TOKENS": "512", "MAX_BATCH_TOTAL_TOKENS": "600"}).max_batch_total_tokens == 600


def test_limits_beyond_the_window_are_for_stand_ins_only():
    variables = {"HF_MODEL_ID": "a/b", "MAX_TOTAL_TOKENS": "9000"}
    with pytest.raises(
        StartupError, match="MAX_TOTAL_TOKENS=9000 is beyond the window of a/b: at most 8192 is allowed"
    ):
        resolve(variables)
    limits = resolve(variables, stand_in=StandIn(serves="s", instead_of="a/b"))
    assert (limits.max_total_tokens, limits.window_tokens, limits.max_batch_total_tokens) == (9000, 8192, 8192)


def test_an_input_limit_alone_must_leave_room_in_the_window():
    with pytest.raises(StartupError, match=r"`max_input_tokens`\(8192\) must be < `max_total_tokens`\(8192\)"):
        resolve({"MAX_INPUT_TOKENS": "8192"})


@pytest.mark.parametrize("model_id", ["mlabonne/TwinLlama-3.1-8B-DPO", "/opt/ml/model"])
def test_the_small_model_stands_in_for_known_models_and_mounted_weights(model_id: str):
    weights = find_weights(Settings.from_environment({"HF_MODEL_ID": model_id}))
    assert weights.stand_in == StandIn(serves="HuggingFaceTB/SmolLM2-135M-Instruct", instead_of=model_id)
    assert weights.model_file.suffix == ".gguf"


def test_the_small_model_stands_in_for_a_model_that_the_project_added(tmp_path):
    file = tmp_path / FILE_NAME
    settings = Settings.from_environment({"HF_MODEL_ID": "me/mine"})
    with pytest.raises(StartupError, match="RepositoryNotFoundError: 404"):
        find_weights(settings, added_models=file)
    write_added(file, replace(SMOLLM2, model_id="me/mine"))
    assert find_weights(settings, added_models=file).stand_in == StandIn(serves=SMOLLM2.model_id, instead_of="me/mine")


def test_a_file_of_added_models_that_cannot_be_read_ends_the_start_with_the_reason(tmp_path):
    file = tmp_path / FILE_NAME
    file.write_text("{")
    with pytest.raises(StartupError, match=r"models\.json is not JSON"):
        find_weights(Settings.from_environment({"HF_MODEL_ID": "me/mine"}), added_models=file)


def test_a_named_file_serves_whatever_the_model_is(model_file):
    variables = {"HF_MODEL_ID": "acme/any", "LOCAL_TGI_MODEL_FILE": str(model_file)}
    weights = find_weights(Settings.from_environment(variables))
    assert (weights.model_id, weights.model_file) == ("acme/any", model_file)
    assert weights.stand_in == StandIn(serves="SmolLM2-135M-Instruct.Q4_1", instead_of="acme/any")
    assert find_weights(Settings.from_environment({}, model_file=model_file)).stand_in is None
