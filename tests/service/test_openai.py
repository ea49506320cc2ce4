"""The OpenAI routes, through OpenAI's own client."""

import json

import httpx
import openai
import pytest

from service.event_stream import encode_event
from service.routers.openai import Head

QUESTION = [{"role": "user", "content": "How does the twin wake up from zero?"}]


@pytest.fixture
def client(service):
    with (
        httpx.Client(trust_env=False, timeout=20) as http,
        openai.OpenAI(base_url=f"{service.url}/v1", api_key="none", max_retries=0, http_client=http) as client,
    ):
        yield client


@pytest.fixture
def http(service):
    with service.client() as client:
        yield client


def test_a_whole_completion(client, say):
    completion = client.chat.completions.create(model="llm-twin", messages=QUESTION)
    assert completion.object == "chat.completion"
    assert completion.choices[0].message.content == "".join(say.ANSWER)
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.prompt_tokens == 40
    assert completion.usage.total_tokens == 40 + len(say.ANSWER)
    assert completion.model_extra["sources"][0]["document"] == "docs/scaling.md"


def test_a_streamed_completion_gives_the_same(client, say):
    whole = client.chat.completions.create(model="llm-twin", messages=QUESTION)
    chunks = list(
        client.chat.completions.create(
            model="llm-twin", messages=QUESTION, stream=True, stream_options={"include_usage": True}
        )
    )
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(texts) == whole.choices[0].message.content
    assert len([text for text in texts if text]) == len(say.ANSWER)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    assert chunks[-2].choices[0].finish_reason == "stop"
    sources = [chunk.model_extra["sources"] for chunk in chunks if chunk.model_extra.get("sources")]
    assert sources == [whole.model_extra["sources"]]


def test_the_answer_is_the_one_of_rag(client, http):
    completion = client.chat.completions.create(model="llm-twin", messages=QUESTION)
    answer = http.post("/rag", json={"query": QUESTION[0]["content"]}).json()
    assert completion.choices[0].message.content == answer["answer"]
    assert completion.model_extra["sources"] == answer["sources"]


def test_the_stream_on_the_wire_is_openais(http):
    response = http.post("/v1/chat/completions", json={"model": "llm-twin", "messages": QUESTION, "stream": True})
    blocks = response.text.strip().split("\n\n")
    assert blocks[-1] == "data: [DONE]"
    first = json.loads(blocks[0].removeprefix("data: "))
    assert first["object"] == "chat.completion.chunk"
    assert first["id"] == f"chatcmpl-{response.headers['x-request-id']}"
    assert first["choices"][0] == {
        "index": 0,
        "delta": {"role": "assistant", "content": ""},
        "logprobs": None,
        "finish_reason": None,
    }
    assert "usage" not in first


def test_history_is_in_the_prompt(client, endpoint):
    turns = [
        {"role": "user", "content": "What scales?"},
        {"role": "assistant", "content": "The twin scales."},
        {"role": "user", "content": "How does it wake up from zero?"},
    ]
    client.chat.completions.create(model="llm-twin", messages=turns)
    sent = endpoint.answers_asked[0].body["messages"]
    assert [turn["role"] for turn in sent] == ["user", "assistant", "user"]
    assert sent[1]["content"] == "The twin scales."


def test_the_plain_model_gets_the_chat_as_it_is(client, endpoint, say):
    endpoint.answer = say.chat("Hello", " you", finish_reason="length")
    completion = client.chat.completions.create(
        model=say.MODEL,
        messages=[{"role": "system", "content": "Be brief."}, *QUESTION],
        max_completion_tokens=7,
        temperature=0,
        top_p=1,
        seed=3,
        stop=["END"],
    )
    assert completion.choices[0].message.content == "Hello you"
    assert completion.choices[0].finish_reason == "length"
    sent = endpoint.asked[0].body
    assert [turn["role"] for turn in sent["messages"]] == ["system", "user"]
    assert (sent["max_tokens"], sent["seed"], sent["stop"]) == (7, 3, ["END"])
    assert sent["temperature"] == 0.01
    assert "top_p" not in sent


def test_a_stop_sequence_is_no_part_of_the_answer(client, endpoint, say):
    endpoint.answer = say.chat("One two EN", "D")
    completion = client.chat.completions.create(model=say.MODEL, messages=QUESTION, stop="END")
    assert completion.choices[0].message.content == "One two "


def test_the_models_are_the_twin_and_what_it_writes_with(client, say):
    assert [model.id for model in client.models.list()] == ["llm-twin", say.MODEL]


def test_an_unknown_model_names_those_that_there_are(client):
    with pytest.raises(openai.NotFoundError) as raised:
        client.chat.completions.create(model="gpt-4", messages=QUESTION)
    assert raised.value.body["code"] == "model_not_found"
    assert "llm-twin" in raised.value.body["message"]


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"n": 2}, "n"),
        ({"temperature": 3}, "temperature"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"logprobs": True}, "logprobs"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "assistant", "content": "I end."}]}, "messages"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"response_format": {"type": "json_object"}}, "response_format.type"),
    ],
)
def test_what_cannot_be_given_is_refused_by_name(client, change, parameter):
    arguments = {"model": "llm-twin", "messages": QUESTION} | change
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(**arguments)
    assert raised.value.body["type"] == "invalid_request_error"
    assert raised.value.body["param"] == parameter


def test_fields_that_change_nothing_are_ignored(client):
    client.chat.completions.create(model="llm-twin", messages=QUESTION, user="me", metadata={"a": "b"})


def test_parts_of_text_are_one_message(client, endpoint):
    parts = [{"type": "text", "text": "How does the twin"}, {"type": "text", "text": "wake up from zero?"}]
    client.chat.completions.create(model="llm-twin", messages=[{"role": "user", "content": parts}])
    assert "How does the twin\nwake up from zero?" in endpoint.answers_asked[0].prompt


@pytest.mark.parametrize("stream", [False, True])
def test_a_sleeping_model_is_a_503_with_retry_after(client, endpoint, say, stream):
    endpoint.answer = say.NO_CAPACITY
    with pytest.raises(openai.InternalServerError) as raised:
        client.chat.completions.create(model="llm-twin", messages=QUESTION, stream=stream)
    assert raised.value.status_code == 503
    assert raised.value.response.headers["retry-after"] == "60"
    assert "waking up" in raised.value.body["message"]
    assert raised.value.body["code"] == "model_asleep"


@pytest.mark.parametrize("text", ['say "hi"\n', "{Grüße}\\", "\u2028東京", "chatcmpl-1", '"chatcmpl-1"'])
def test_a_piece_of_text_is_encoded_as_every_other_chunk(text):
    head = Head(id="chatcmpl-1", created=1, model="llm-twin", includes_usage=True)
    assert head.text_chunk(text) == encode_event(head.chunk({"content": text}))


def test_a_stream_that_breaks_raises_in_the_client_after_what_came(client, endpoint, say):
    endpoint.answer = say.chat("The ", "twin ", say.CUT)
    stream = client.chat.completions.create(model="llm-twin", messages=QUESTION, stream=True)
    texts = []

    def read():
        texts.extend(chunk.choices[0].delta.content or "" for chunk in stream)

    with pytest.raises(openai.APIError, match="no whole answer"):
        read()
    assert "".join(texts).strip() == "The twin"


def test_a_prompt_that_is_too_long_has_openais_code(client, endpoint, say):
    endpoint.answer = say.TOO_LONG
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(model=say.MODEL, messages=QUESTION)
    assert raised.value.body["code"] == "context_length_exceeded"


def test_a_caller_who_leaves_ends_the_generation(client, endpoint, say):
    endpoint.answer = say.chat("The ", say.HANG)
    with client.chat.completions.create(model="llm-twin", messages=QUESTION, stream=True) as stream:
        next(chunk for chunk in stream if chunk.choices[0].delta.content)
    assert endpoint.answers_asked[0].left_early.wait(10)


def test_a_caller_who_leaves_before_the_first_token_ends_the_generation(service, endpoint, say):
    endpoint.answer = [say.HANG]
    body = {"model": "llm-twin", "messages": QUESTION, "stream": True}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{service.url}/v1/chat/completions", json=body, timeout=1, trust_env=False)
    assert endpoint.answers_asked[0].left_early.wait(10)
