import json
from typing import Any

import httpx
import pytest

# A conversation whose next answer the small model is sure of: "Pong" and the end of sequence, three tokens.
PING = [
    {"role": "user", "content": "Ping"},
    {"role": "assistant", "content": "Pong"},
    {"role": "user", "content": "Ping"},
]


def test_a_conversation_is_answered_in_openais_form(tgi: httpx.Client):
    body = {"model": "tgi", "messages": PING, "max_tokens": 2, "temperature": 0}
    answer = tgi.post("/v1/chat/completions", json=body)
    assert int(answer.headers["x-generated-tokens"]) == 2
    completion = answer.json()
    created = completion.pop("created")
    assert created > 1_700_000_000
    assert completion == {
        "object": "chat.completion",
        "id": "",
        "model": "HuggingFaceTB/SmolLM2-135M-Instruct",
        "system_fingerprint": "3.3.6-native",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Pong"},
                "logprobs": None,
                "finish_reason": "length",
            }
        ],
        "usage": {"prompt_tokens": 47, "completion_tokens": 2, "total_tokens": 49},
    }


def test_invocations_answers_each_of_its_three_forms(tgi: httpx.Client):
    chat = tgi.post("/invocations", json={"messages": PING, "max_tokens": 1}).json()
    assert chat["object"] == "chat.completion"
    completion = tgi.post("/invocations", json={"prompt": "Hi", "max_tokens": 1}).json()
    assert completion["object"] == "text_completion"
    both = tgi.post("/invocations", json={"inputs": "Hi", "messages": PING, "parameters": {"max_new_tokens": 1}}).json()
    assert set(both[0]) == {"generated_text"}
    neither = tgi.post("/invocations", json={"question": "Hi"})
    assert neither.status_code == 422
    assert neither.headers["content-type"].startswith("text/plain")
    assert neither.text.endswith("data did not match any variant of untagged enum SagemakerRequest")


def test_an_answer_that_the_model_ends_has_finish_reason_stop(tgi: httpx.Client):
    body = {"messages": PING, "max_tokens": 20, "temperature": 0, "logprobs": True, "top_logprobs": 2}
    choice = tgi.post("/v1/chat/completions", json=body).json()["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert "<|im_end|>" not in choice["message"]["content"]
    entries = choice["logprobs"]["content"]
    assert entries[-1]["token"] == "<|im_end|>"  # noqa: S105  the end of sequence, not a secret
    assert all(entry["top_logprobs"][0]["logprob"] == entry["logprob"] for entry in entries)


def test_probabilities_are_told_for_characters_of_several_tokens_too(tgi: httpx.Client):
    stars = {"type": "regex", "value": "(🌟)+"}
    body = {"messages": PING, "max_tokens": 4, "response_format": stars, "logprobs": True, "top_logprobs": 1}
    content = tgi.post("/v1/chat/completions", json=body).json()["choices"][0]["logprobs"]["content"]
    assert [(entry["token"], len(entry["top_logprobs"])) for entry in content] == [("", 0), ("", 0), ("🌟", 1), ("", 0)]
    assert [entry["logprob"] is None for entry in content] == [True, True, False, True]


def read_chunks(answer: httpx.Response) -> list[dict[str, Any]]:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
    *events, done, end = answer.text.split("\n\n")
    assert (done, end) == ("data: [DONE]", "")
    return [json.loads(event.removeprefix("data: ")) for event in events]


def test_a_streamed_conversation_ends_with_its_usage_and_done(tgi: httpx.Client):
    body = {
        "messages": PING,
        "max_tokens": 20,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    *chunks, last = read_chunks(tgi.post("/v1/chat/completions", json=body))
    assert all(chunk["object"] == "chat.completion.chunk" and chunk["usage"] is None for chunk in chunks)
    assert all(chunk["choices"][0]["delta"]["role"] == "assistant" for chunk in chunks)
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert chunks[-1]["choices"][0]["delta"]["content"] == "", "the end of sequence is not shown"
    assert last["choices"] == []
    assert last["usage"] == {
        "prompt_tokens": 47,
        "completion_tokens": len(chunks),
        "total_tokens": 47 + len(chunks),
    }


def test_usage_is_streamed_only_when_asked_for(tgi: httpx.Client):
    (chunk,) = read_chunks(tgi.post("/v1/chat/completions", json={"messages": PING, "max_tokens": 1, "stream": True}))
    assert chunk["usage"] is None


def test_an_error_within_a_streamed_conversation_has_openais_form(tgi: httpx.Client):
    body = {"messages": PING, "max_tokens": 1, "stream": True, "top_p": 1.0}
    (error,) = read_chunks(tgi.post("/v1/chat/completions", json=body))
    message = "Input validation error: `top_p` must be > 0.0 and < 1.0"
    assert error == {"error": {"message": message, "http_status_code": 422}}


def test_temperature_0_is_greedy_and_its_absence_samples(tgi: httpx.Client):
    def ask(**more: Any) -> str:
        body = {"messages": PING, "max_tokens": 5, **more}
        return tgi.post("/v1/chat/completions", json=body).json()["choices"][0]["message"]["content"]

    assert ask(temperature=0, seed=1) == ask(temperature=0, seed=2) == "Pong"
    assert len({ask(seed=seed, temperature=1.9) for seed in range(2)}) == 2


def test_a_response_format_constrains_the_text(tgi: httpx.Client):
    schema = {"type": "object", "properties": {"name": {"enum": ["Ann", "Bob"]}}, "required": ["name"]}
    body = {"messages": PING, "max_tokens": 30, "response_format": {"type": "json", "value": schema}}
    content = tgi.post("/v1/chat/completions", json=body).json()["choices"][0]["message"]["content"]
    assert json.loads(content)["name"] in {"Ann", "Bob"}


TOOL = {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}


def test_tools_are_refused_and_said_to_be(tgi: httpx.Client):
    answer = tgi.post("/v1/chat/completions", json={"messages": PING, "max_tokens": 1, "tools": [TOOL]})
    assert (answer.status_code, answer.json()["error_type"]) == (422, "tool_error")
    assert answer.json()["error"].startswith("Tool error: this server runs in place of TGI and calls no tools")
    schema = {"type": "json", "value": {"properties": {}}}
    both = tgi.post("/v1/chat/completions", json={"messages": PING, "tools": [TOOL], "response_format": schema})
    assert (both.status_code, both.json()["error"]) == (422, "Tool error: Grammar and tools are mutually exclusive")


@pytest.mark.parametrize("more", [{"tools": []}, {"tools": None}, {"tools": [TOOL], "tool_choice": "none"}])
def test_no_tools_are_no_problem(tgi: httpx.Client, more: dict[str, Any]):
    assert tgi.post("/v1/chat/completions", json={"messages": PING, "max_tokens": 1, **more}).status_code == 200


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"messages": "Hi"}, 'messages: invalid type: string "Hi", expected a sequence'),
        ({"messages": [{"content": "Hi"}]}, "messages[0]: missing field `role`"),
        ({"messages": [{"role": "user"}]}, "messages[0]: data did not match any variant of untagged enum MessageBody"),
        ({"messages": PING, "stop": "x"}, 'stop: invalid type: string "x", expected a sequence'),
        ({"messages": PING, "logit_bias": {"1": 2}}, "logit_bias: invalid type: map, expected a sequence"),
        ({"messages": PING, "response_format": {"type": "json_object"}}, "response_format: missing field `value`"),
    ],
)
def test_a_conversation_of_another_form_is_refused_in_plain_text(tgi: httpx.Client, body: Any, problem: str):
    answer = tgi.post("/v1/chat/completions", json=body)
    assert answer.status_code == 422
    assert answer.text == f"Failed to deserialize the JSON body into the target type: {problem}"


def test_the_parts_of_a_message_are_joined_as_tgi_joins_them(tgi: httpx.Client):
    parts = [{"type": "text", "text": "See "}, {"type": "image_url", "image_url": {"url": "http://x/y.png"}}]
    body = {"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": parts}]}
    templated = tgi.post("/chat_tokenize", json=body).json()["templated_text"]
    expected = "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nSee ![](http://x/y.png)<|im_end|>\n"
    assert templated == f"{expected}<|im_start|>assistant\n"


def test_a_turn_is_opened_after_an_answer_too(tgi: httpx.Client):
    body = {"messages": [*PING, {"role": "assistant", "content": "Hi"}]}
    templated = tgi.post("/chat_tokenize", json=body).json()["templated_text"]
    assert templated.endswith("<|im_start|>assistant\nHi<|im_end|>\n<|im_start|>assistant\n")
