import json
from collections.abc import Callable

import httpx

BODY = {"inputs": "The capital of France is", "parameters": {"max_new_tokens": 2}}
STAND_IN = {"serves": "HuggingFaceTB/SmolLM2-135M-Instruct", "instead_of": "mlabonne/TwinLlama-3.1-8B-DPO"}


def test_a_model_that_is_not_here_is_stood_in_for_and_said_to_be(stand_in: httpx.Client, stand_in_container):
    info = stand_in.get("/info").json()
    assert info["model_id"] == "mlabonne/TwinLlama-3.1-8B-DPO"
    assert (info["max_input_tokens"], info["max_total_tokens"]) == (12000, 16384)
    assert info["stand_in"] == STAND_IN
    lines = [json.loads(line) for line in stand_in_container.lines]
    (warning,) = [line for line in lines if line["level"] == "WARN"]
    assert warning["fields"]["message"].startswith("STAND-IN: HuggingFaceTB/SmolLM2-135M-Instruct answers instead of ")
    assert stand_in.post("/generate", json=BODY).json() == {"generated_text": " Paris."}


def test_a_request_beyond_the_stand_ins_window_is_refused_clearly(stand_in: httpx.Client):
    body = {"inputs": "word " * 8000, "parameters": {"max_new_tokens": 500}}
    answer = stand_in.post("/generate", json=body)
    assert (answer.status_code, answer.json()["error_type"]) == (422, "validation")
    assert answer.json()["error"] == (
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8192 here: "
        "HuggingFaceTB/SmolLM2-135M-Instruct stands in for mlabonne/TwinLlama-3.1-8B-DPO, and this is its window. "
        "Given: 8001 `inputs` tokens and 500 `max_new_tokens`"
    )


def test_a_full_server_refuses_even_what_is_invalid(
    stand_in: httpx.Client, wait_until: Callable[[Callable[[], bool]], float]
):
    grammar = {"type": "regex", "value": "[a-z ]{4000}"}
    long_request = {"inputs": "Say", "parameters": {"max_new_tokens": 1000, "grammar": grammar}}
    overloaded = {"error": "Model is overloaded", "error_type": "overloaded"}
    with stand_in.stream("POST", "/generate_stream", json=long_request) as answer:
        lines = answer.iter_lines()
        next(lines)
        invalid = stand_in.post("/generate", json={"inputs": "", "parameters": {"top_k": 0}})
        assert (invalid.status_code, invalid.json()) == (429, overloaded)
        streamed = stand_in.post("/generate_stream", json=BODY)
        assert (streamed.status_code, streamed.text) == (
            200,
            f"data: {json.dumps(overloaded, separators=(',', ':'))}\n\n",
        )
        assert stand_in.get("/ping").status_code == 200
        # What does not fit the form is found before the permit is asked for.
        assert stand_in.post("/generate", json={}).status_code == 422
    assert wait_until(lambda: stand_in.post("/generate", json=BODY).status_code == 200) < 5
    assert 'tgi_request_failure{err="overloaded"}' in stand_in.get("/metrics").text


def test_best_of_needs_as_many_permits(stand_in: httpx.Client):
    body = {"inputs": "Say", "parameters": {"best_of": 2, "do_sample": True, "max_new_tokens": 1}}
    assert stand_in.post("/generate", json=body).status_code == 429


def test_an_api_key_protects_what_generates(stand_in_container):
    assert httpx.post(f"{stand_in_container.url}/generate", json=BODY).status_code == 401
    wrong = {"authorization": "Bearer wrong"}
    assert httpx.post(f"{stand_in_container.url}/invocations", json=BODY, headers=wrong).status_code == 401
    assert httpx.get(f"{stand_in_container.url}/ping").status_code == 200


def test_no_log_line_holds_what_was_asked_or_answered(stand_in: httpx.Client, stand_in_container):
    stand_in.post("/generate", json={"inputs": "A secret: xyzzy", "parameters": {"max_new_tokens": 2}})
    log = "\n".join(stand_in_container.lines)
    assert "Success" in log
    assert "xyzzy" not in log
    assert "Paris" not in log
