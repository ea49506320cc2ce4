"""Clients that were written for TGI or for OpenAI's API, unchanged."""

from collections.abc import Iterator

import openai
import pytest
from huggingface_hub import InferenceClient

PING = [
    {"role": "user", "content": "Ping"},
    {"role": "assistant", "content": "Pong"},
    {"role": "user", "content": "Ping"},
]


@pytest.fixture
def openai_client(container) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{container.url}/v1", api_key="-", max_retries=0, timeout=60) as client:
        yield client


def test_openai_chat(openai_client: openai.OpenAI):
    completion = openai_client.chat.completions.create(model="tgi", messages=PING, max_tokens=2, temperature=0)
    (choice,) = completion.choices
    assert choice.finish_reason == "length"
    assert choice.message.content == "Pong"
    assert completion.usage.completion_tokens == 2


def test_openai_chat_streamed_with_usage(openai_client: openai.OpenAI):
    options = {"include_usage": True}
    with openai_client.chat.completions.create(
        model="tgi", messages=PING, max_tokens=2, temperature=0, stream=True, stream_options=options
    ) as stream:
        *chunks, last = list(stream)
    assert "".join(chunk.choices[0].delta.content for chunk in chunks) == "Pong"
    assert last.usage.total_tokens == 49


def test_openai_completions(openai_client: openai.OpenAI):
    completion = openai_client.completions.create(
        model="tgi", prompt="The capital of France is", max_tokens=2, temperature=0
    )
    assert completion.choices[0].text == " Paris."


def test_openai_sees_a_refusal_as_its_own_error(openai_client: openai.OpenAI):
    with pytest.raises(openai.UnprocessableEntityError, match=r"`top_p` must be > 0\.0 and < 1\.0"):
        openai_client.chat.completions.create(model="tgi", messages=PING, top_p=1.0)


def test_huggingface_text_generation(container):
    client = InferenceClient(container.url)
    answer = client.text_generation(
        "The capital of France is",
        max_new_tokens=2,
        details=True,
        decoder_input_details=True,
        return_full_text=False,
    )
    assert answer.generated_text == " Paris."
    assert [token.text for token in answer.details.tokens] == [" Paris", "."]
    assert answer.details.finish_reason == "length"
    assert len(answer.details.prefill) == 5


def test_huggingface_text_generation_streamed(container):
    client = InferenceClient(container.url)
    events = list(client.text_generation("The capital of France is", max_new_tokens=2, details=True, stream=True))
    assert "".join(event.token.text for event in events) == " Paris."
    assert events[-1].details.generated_tokens == 2


def test_huggingface_chat(container):
    answer = InferenceClient(container.url).chat_completion(PING, max_tokens=2, temperature=0)
    assert answer.choices[0].message.content == "Pong"
