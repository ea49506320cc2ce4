import json
from typing import Any

import httpx


def complete(tgi: httpx.Client, **body: Any) -> httpx.Response:
    return tgi.post("/v1/completions", json={"temperature": 0, **body})


def test_several_prompts_are_answered_in_their_order(tgi: httpx.Client):
    answer = complete(tgi, prompt=["The capital of France is", "One, two, three,"], max_tokens=2)
    assert [choice["text"] for choice in answer.json()["choices"]] == [" Paris.", " four,"]
    assert [choice["index"] for choice in answer.json()["choices"]] == [0, 1]
    usage = answer.json()["usage"]
    assert usage["completion_tokens"] == 4
    assert answer.headers["x-prompt-tokens"] == str(usage["prompt_tokens"])
    assert answer.headers["x-generated-tokens"] == "4"


def test_a_stream_interleaves_prompts_and_ends_with_done(tgi: httpx.Client):
    answer = complete(tgi, prompt=["The capital of France is", "One, two, three,"], max_tokens=3, stream=True)
    *events, done, end = answer.text.split("\n\n")
    assert (done, end) == ("data: [DONE]", "")
    chunks = [json.loads(event.removeprefix("data: ")) for event in events]
    texts = ["", ""]
    for chunk in chunks:
        (choice,) = chunk["choices"]
        texts[choice["index"]] += choice["text"]
    assert [text.strip() for text in texts] == ["Paris.", "four, five"] or texts[0].startswith(" Paris.")
    last = [chunk for chunk in chunks if "usage" in chunk]
    assert [chunk["choices"][0]["finish_reason"] for chunk in last] == ["length", "length"]
    assert all(chunk["choices"][0]["finish_reason"] == "" for chunk in chunks if chunk not in last)


def test_what_tgi_does_not_complete_is_refused(tgi: httpx.Client):
    suffix = complete(tgi, prompt="a", suffix="b")
    assert (suffix.status_code, suffix.json()["error_type"]) == (422, "suffix not supported")
    many = complete(tgi, prompt=["a"] * 5)
    assert many.json()["error"] == "Number of prompts exceeds the maximum allowed batch size of 4"
    empty = complete(tgi, prompt=[])
    assert empty.text.endswith("prompt: Empty array detected. Do not use an empty array for the prompt.")
    tokens = complete(tgi, prompt=[1, 2])
    assert tokens.text.endswith("prompt: data did not match any variant of untagged enum PromptDeserializer")


def test_an_error_of_one_prompt_is_the_answer(tgi: httpx.Client):
    answer = complete(tgi, prompt=["a", ""], max_tokens=1)
    assert (answer.status_code, answer.json()["error"]) == (422, "Input validation error: `inputs` cannot be empty")
