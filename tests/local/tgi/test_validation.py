from typing import Any

import httpx
import pytest

LONG = "word " * 300


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"best_of": 2}, "you must use sampling when `best_of` is > 1"),
        ({"temperature": 0.0}, "`temperature` must be strictly positive"),
        ({"temperature": -1}, "`temperature` must be strictly positive"),
        ({"repetition_penalty": 0}, "`repetition_penalty` must be strictly positive"),
        ({"frequency_penalty": 2.1}, "`frequency_penalty` must be >= -2.0 and <= 2.0"),
        ({"top_p": 1.0}, "`top_p` must be > 0.0 and < 1.0"),
        ({"top_p": 0}, "`top_p` must be > 0.0 and < 1.0"),
        ({"typical_p": 1.0}, "`typical_p` must be > 0.0 and < 1.0"),
        ({"top_k": 0}, "`top_k` must be strictly positive"),
        ({"top_k": -1}, "`top_k` must be strictly positive"),
        ({"max_new_tokens": 0}, "`max_new_tokens` must be strictly positive"),
        ({"stop": ["a"] * 5}, "`stop` supports up to 4 stop sequences. Given: 5"),
        ({"seed": 1, "best_of": 2, "do_sample": True}, "`seed` must not be set when `best_of` > 1"),
        ({"top_n_tokens": 6}, "`top_n_tokens` must be >= 0 and <= 5. Given: 6"),
        ({"truncate": 0}, "`truncate` must be strictly positive and less than 64. Given: 0"),
        ({"truncate": 65}, "`truncate` must be strictly positive and less than 64. Given: 65"),
        ({"best_of": 3, "do_sample": True}, "`best_of` must be > 0 and <= 2. Given: 3"),
        ({"watermark": True}, "`watermark` is not supported by this server, which runs in place of TGI"),
        # Several at once: the first check speaks.
        ({"top_k": 0, "top_p": 2, "temperature": 0}, "`temperature` must be strictly positive"),
        ({"top_n_tokens": 9, "max_new_tokens": 0}, "`max_new_tokens` must be strictly positive"),
    ],
)
def test_a_parameter_out_of_range_is_named(tgi: httpx.Client, parameters: dict[str, Any], message: str):
    answer = tgi.post("/generate", json={"inputs": "a", "parameters": parameters})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"error": f"Input validation error: {message}", "error_type": "validation"}


@pytest.mark.parametrize(
    ("inputs", "parameters", "message"),
    [
        ("", {}, "`inputs` cannot be empty"),
        (LONG, {"max_new_tokens": 5}, "`inputs` must have less than 64 tokens. Given: 301"),
        (
            LONG * 4,
            {"max_new_tokens": 900},
            "`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 1201 `inputs` tokens and 900 `max_new_tokens`",
        ),
        (
            LONG * 4,
            {"max_new_tokens": 5000},
            "`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 1201 `inputs` tokens and 1024 `max_new_tokens`",
        ),
    ],
)
def test_a_prompt_that_does_not_fit_is_refused(
    tgi: httpx.Client, inputs: str, parameters: dict[str, Any], message: str
):
    answer = tgi.post("/generate", json={"inputs": inputs, "parameters": parameters})
    assert (answer.status_code, answer.json()["error"]) == (422, f"Input validation error: {message}")


def test_a_prompt_of_exactly_the_limit_is_accepted(tgi: httpx.Client):
    body = {"inputs": LONG, "parameters": {"truncate": 64, "max_new_tokens": 1}}
    answer = tgi.post("/generate", json=body)
    assert (answer.status_code, answer.headers["x-prompt-tokens"]) == (200, "64")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"best_of": 2, "do_sample": True}, "`best_of` != 1 is not supported when streaming tokens"),
        ({"decoder_input_details": True}, "`decoder_input_details` == true is not supported when streaming tokens"),
        ({"top_k": 0}, "`top_k` must be strictly positive"),
    ],
)
def test_within_a_stream_every_error_is_an_event(tgi: httpx.Client, parameters: dict[str, Any], message: str):
    answer = tgi.post("/generate_stream", json={"inputs": "a", "parameters": parameters})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
    assert answer.text == f'data: {{"error":"Input validation error: {message}","error_type":"validation"}}\n\n'


@pytest.mark.parametrize(
    ("content", "content_type", "status", "text"),
    [
        (b'{"inputs":"a"}', "text/plain", 415, "Expected request with `Content-Type: application/json`"),
        (b'{"inputs":"a"}', None, 415, "Expected request with `Content-Type: application/json`"),
        (b'{"inputs":', "application/json", 400, "Failed to parse the request body as JSON: "),
        (b"", "application/json", 400, "Failed to parse the request body as JSON: "),
        (b'{"inputs":"\xff"}', "application/json", 400, "Failed to parse the request body as JSON: "),
        (b'{"inputs":"\\ud800"}', "application/json", 400, "Failed to parse the request body as JSON: "),
        (b'{"inputs":"a","parameters":{"top_p":NaN}}', "application/json", 400, "Failed to parse the request body as "),
        (b'{"inputs":"a","parameters":{"top_p":1e999}}', "application/json", 400, "Failed to parse the request body "),
        (b"[" * 100_000, "application/json", 400, "Failed to parse the request body as JSON: "),
        (b'{"inputs":"' + b"a" * 2_000_000 + b'"}', "application/json", 413, "Failed to buffer the request body: "),
    ],
)
def test_what_is_no_json_is_refused_in_plain_text(
    tgi: httpx.Client, content: bytes, content_type: str | None, status: int, text: str
):
    headers = {} if content_type is None else {"content-type": content_type}
    answer = tgi.post("/generate", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith(text)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "missing field `inputs`"),
        ([], "invalid type: sequence, expected struct GenerateRequest"),
        ({"inputs": 1}, "inputs: invalid type: integer `1`, expected a string"),
        ({"inputs": None}, "inputs: invalid type: null, expected a string"),
        ({"inputs": "a", "parameters": None}, "parameters: invalid type: null, expected struct GenerateParameters"),
        ({"inputs": "a", "stream": None}, "stream: invalid type: null, expected a boolean"),
        ({"inputs": "a", "parameters": {"do_sample": None}}, "parameters.do_sample: invalid type: null, expected a "),
        ({"inputs": "a", "parameters": {"stop": None}}, "parameters.stop: invalid type: null, expected a sequence"),
        ({"inputs": "a", "parameters": {"stop": "a"}}, 'parameters.stop: invalid type: string "a", expected a '),
        ({"inputs": "a", "parameters": {"top_k": 1.5}}, "parameters.top_k: invalid type: floating point `1.5`, "),
        (
            {"inputs": "a", "parameters": {"top_k": True}},
            "parameters.top_k: invalid type: boolean `true`, expected i32",
        ),
        ({"inputs": "a", "parameters": {"max_new_tokens": -1}}, "parameters.max_new_tokens: invalid value: integer "),
        ({"inputs": "a", "parameters": {"max_new_tokens": 2**32}}, "parameters.max_new_tokens: invalid value: integer"),
        ({"inputs": "a", "parameters": {"grammar": {"type": "x"}}}, "parameters.grammar: unknown variant `x`"),
        ({"inputs": "a", "parameters": {"grammar": {"type": "json"}}}, "parameters.grammar: missing field `value`"),
    ],
)
def test_json_of_another_form_is_refused_in_plain_text(tgi: httpx.Client, body: Any, problem: str):
    answer = tgi.post("/generate", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith(f"Failed to deserialize the JSON body into the target type: {problem}")


def test_nulls_of_optional_parameters_and_unknown_fields_are_ignored(tgi: httpx.Client):
    optional = ("best_of", "temperature", "top_k", "top_p", "typical_p", "truncate", "seed", "grammar", "adapter_id")
    parameters = {"max_new_tokens": 1, "unknown": [1], **dict.fromkeys(optional)}
    assert tgi.post("/generate", json={"inputs": "a", "parameters": parameters, "more": {}}).status_code == 200


def test_json_with_a_charset_or_a_suffix_is_read(tgi: httpx.Client):
    content = '{"inputs":"é","parameters":{"max_new_tokens":1}}'.encode()
    for content_type in ("application/json; charset=utf-8", "application/vnd.api+json"):
        assert tgi.post("/generate", content=content, headers={"content-type": content_type}).status_code == 200
