import json
import re
from typing import Any

import httpx
import pytest


def generate(tgi: httpx.Client, inputs: str, **parameters: Any) -> dict[str, Any]:
    answer = tgi.post("/generate", json={"inputs": inputs, "parameters": parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_generate_answers_an_object_and_the_others_a_list(tgi: httpx.Client):
    body = {"inputs": "The capital of France is", "parameters": {"max_new_tokens": 2, "return_full_text": False}}
    assert tgi.post("/generate", json=body).json() == {"generated_text": " Paris."}
    assert tgi.post("/", json=body).json() == [{"generated_text": " Paris."}]
    assert tgi.post("/invocations", json=body).json() == [{"generated_text": " Paris."}]


def test_the_prompt_is_repeated_by_default_on_invocations_only(tgi: httpx.Client):
    body = {"inputs": "The capital of France is", "parameters": {"max_new_tokens": 1}}
    assert tgi.post("/invocations", json=body).json()[0]["generated_text"] == "The capital of France is Paris"
    assert tgi.post("/generate", json=body).json()["generated_text"] == " Paris"
    body["parameters"]["return_full_text"] = True
    assert tgi.post("/generate", json=body).json()["generated_text"] == "The capital of France is Paris"


def test_an_answer_that_the_model_ends_has_the_end_in_its_tokens_only(tgi: httpx.Client, ping: str):
    answer = generate(tgi, ping, max_new_tokens=20, details=True)
    details, last = answer["details"], answer["details"]["tokens"][-1]
    assert details["finish_reason"] == "eos_token"
    assert (last["text"], last["special"], last["id"]) == ("<|im_end|>", True, 2)
    assert details["generated_tokens"] == len(details["tokens"])
    assert answer["generated_text"] == "".join(token["text"] for token in details["tokens"][:-1])
    assert details["prefill"] == []
    assert details["seed"] is None
    assert all(token["logprob"] <= 0 for token in details["tokens"])

    again = generate(tgi, ping, max_new_tokens=details["generated_tokens"], details=True)
    assert again["generated_text"] == answer["generated_text"]
    assert again["details"]["finish_reason"] == "length", "length is looked at before the end of sequence"


def test_a_stop_sequence_stays_in_the_text(tgi: httpx.Client, counting: str):
    answer = generate(tgi, counting, max_new_tokens=60, stop=[" five", "not there"], details=True)
    assert answer["generated_text"] == " four, five"
    assert answer["details"]["finish_reason"] == "stop_sequence"


def test_details_are_absent_unless_asked_for(tgi: httpx.Client, counting: str):
    assert set(generate(tgi, counting, max_new_tokens=1)) == {"generated_text"}


def test_absent_parameters_sample_and_empty_ones_do_not(tgi: httpx.Client, counting: str):
    asking = {"details": True, "max_new_tokens": 1}
    assert generate(tgi, counting, **asking)["details"]["seed"] is None
    assert generate(tgi, counting, **asking, do_sample=True)["details"]["seed"] is not None
    assert generate(tgi, counting, **asking, temperature=0.5)["details"]["seed"] is not None
    assert generate(tgi, counting, **asking, temperature=1.0)["details"]["seed"] is None


def test_a_seed_makes_sampling_reproducible(tgi: httpx.Client, counting: str):
    parameters = {"max_new_tokens": 12, "temperature": 1.5, "details": True}
    first, second, other = (generate(tgi, counting, seed=seed, **parameters) for seed in (7, 7, 2**63))
    assert first == second
    assert first["details"]["seed"] == 7
    assert other["details"]["seed"] == 2**63
    assert other["generated_text"] != first["generated_text"]


@pytest.mark.parametrize("filters", [{"top_k": 1}, {"top_p": 0.0001}, {"typical_p": 0.5, "top_k": 1}])
def test_narrow_filters_leave_the_most_probable_token(tgi: httpx.Client, counting: str, filters: dict[str, Any]):
    sampled = generate(tgi, counting, max_new_tokens=5, details=True, **filters)
    assert sampled["generated_text"] == generate(tgi, counting, max_new_tokens=5)["generated_text"]
    assert sampled["details"]["tokens"][0]["logprob"] == pytest.approx(0, abs=1e-3)


def test_a_repetition_penalty_looks_at_the_whole_text(tgi: httpx.Client):
    inputs = "one two three one two three one two three one two"
    assert generate(tgi, inputs, max_new_tokens=1)["generated_text"] == " three"
    assert generate(tgi, inputs, max_new_tokens=1, repetition_penalty=5.0)["generated_text"] != " three"


def test_top_n_tokens_are_best_first_and_hold_the_greedy_choice(tgi: httpx.Client, counting: str):
    details = generate(tgi, counting, max_new_tokens=3, details=True, top_n_tokens=3)["details"]
    assert [len(top) for top in details["top_tokens"]] == [3, 3, 3]
    for token, top in zip(details["tokens"], details["top_tokens"], strict=True):
        assert top[0] == token
        assert [entry["logprob"] for entry in top] == sorted((entry["logprob"] for entry in top), reverse=True)


def test_decoder_input_details_give_the_prompt_with_real_probabilities(tgi: httpx.Client):
    prefill = generate(tgi, "The capital of France is", max_new_tokens=1, decoder_input_details=True)
    tokens = prefill["details"]["prefill"]
    assert [token["text"] for token in tokens] == ["The", " capital", " of", " France", " is"]
    assert tokens[0]["logprob"] is None
    # What the model would say after "The capital of" is what it says when asked.
    asked = generate(tgi, "The capital", max_new_tokens=1, details=True)["details"]["tokens"][0]
    assert asked["text"] == " of"
    assert tokens[2]["logprob"] == pytest.approx(asked["logprob"], abs=0.1)


def test_truncate_keeps_the_end_of_the_prompt(tgi: httpx.Client):
    parameters = {"truncate": 4, "max_new_tokens": 1, "decoder_input_details": True}
    details = generate(tgi, "Madrid Rome The capital of France", **parameters)["details"]
    assert [token["text"] for token in details["prefill"]] == [" The", " capital", " of", " France"]


def test_best_of_returns_the_most_probable_and_the_others(tgi: httpx.Client, counting: str):
    parameters = {"best_of": 2, "temperature": 2.0, "max_new_tokens": 4, "details": True}
    details = generate(tgi, counting, **parameters)["details"]
    (other,) = details["best_of_sequences"]

    def mean(sequence: dict[str, Any]) -> float:
        return sum(token["logprob"] or 0 for token in sequence["tokens"]) / len(sequence["tokens"])

    assert mean(details) >= mean(other)
    assert {"generated_text", "finish_reason", "generated_tokens", "seed", "prefill", "tokens"} == set(other)
    assert other["seed"] != details["seed"]


def test_a_long_request_is_cut_into_parts_and_accepted(tgi: httpx.Client, ping: str):
    answer = generate(tgi, ping, max_new_tokens=5000, details=True)
    assert answer["details"]["finish_reason"] == "eos_token"


def test_the_times_and_counts_are_in_the_headers(tgi: httpx.Client):
    body = {"inputs": "The capital of France is", "parameters": {"max_new_tokens": 3}}
    headers = tgi.post("/generate", json=body).headers
    assert headers["x-compute-type"] == "cpu"
    assert headers["x-compute-characters"] == "24"
    assert (headers["x-prompt-tokens"], headers["x-generated-tokens"]) == ("5", "3")
    assert 0 < float(headers["x-compute-time"]) < 60
    for name in ("total", "validation", "queue", "inference"):
        assert headers[f"x-{name}-time"].isdigit()
    assert headers["x-time-per-token"].isdigit()


def test_a_regex_constrains_the_text(tgi: httpx.Client):
    grammar = {"type": "regex", "value": "[0-9]{3}/[0-9]{4}"}
    text = generate(tgi, "Phone:", max_new_tokens=20, grammar=grammar)["generated_text"]
    assert re.fullmatch("[0-9]{3}/[0-9]{4}", text)


@pytest.mark.parametrize("kind", ["json", "json_object", "json_schema"])
def test_a_schema_constrains_the_text(tgi: httpx.Client, kind: str):
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    value = {"name": "person", "schema": schema} if kind == "json_schema" else schema
    text = generate(tgi, "JSON:", max_new_tokens=40, grammar={"type": kind, "value": value})["generated_text"]
    assert isinstance(json.loads(text)["age"], int)
    assert "\n" not in text, "as compact as TGI's"


@pytest.mark.parametrize(
    ("grammar", "message"),
    [
        ({"type": "regex", "value": "(?=a)b"}, "grammar is not valid: "),
        ({"type": "json", "value": "{"}, "grammar is not valid: "),
        ({"type": "json", "value": {"type": "object"}}, "grammar is not valid: Grammar must have a 'properties' field"),
        ({"type": "json", "value": {"properties": {"a": {"type": "nonsense"}}}}, "grammar is not valid: "),
        ({"type": "json", "value": 3}, "grammar is not supported"),
    ],
)
def test_a_grammar_that_cannot_be_kept_is_refused(tgi: httpx.Client, grammar: dict[str, Any], message: str):
    answer = tgi.post("/generate", json={"inputs": "a", "parameters": {"max_new_tokens": 2, "grammar": grammar}})
    assert answer.status_code == 422
    assert answer.json()["error_type"] == "validation"
    assert answer.json()["error"].startswith(f"Input validation error: {message}")


def test_an_unknown_adapter_is_ping_by_the_model_itself(tgi: httpx.Client, counting: str):
    plain = generate(tgi, counting, max_new_tokens=3)
    assert generate(tgi, counting, max_new_tokens=3, adapter_id="nobody/knows") == plain
