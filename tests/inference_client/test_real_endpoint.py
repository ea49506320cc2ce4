"""The whole path for real: a deployed endpoint and a language model behind it, through SageMaker's own API.

``deployed_endpoint`` is the address of one, read from its stack's outputs.
"""

import asyncio

import pytest

from inference_client import (
    ComponentNotFoundError,
    EndpointAddress,
    EndpointClient,
    EndpointNotFoundError,
    GenerationParameters,
    InferenceExecutor,
    InputTooLongError,
    LLMInferenceSagemakerEndpoint,
    ValidationRejectedError,
    smoke,
)
from inference_client.aio import AsyncEndpointClient

SHORT = GenerationParameters(max_new_tokens=12)
QUESTION = [{"role": "user", "content": "Name three colours."}]


@pytest.fixture
def client(deployed_endpoint: EndpointAddress):
    with EndpointClient(deployed_endpoint) as client:
        yield client


def test_streamed_and_in_one_piece_a_greedy_answer_is_the_same(client):
    streamed = client.generate("The capital of France is", parameters=SHORT)
    whole = client.generate("The capital of France is", parameters=SHORT, streamed=False)
    assert streamed.text == whole.text != ""
    assert streamed.finish_reason == whole.finish_reason
    assert streamed.usage.generated_tokens == whole.usage.generated_tokens
    assert streamed.usage.input_tokens >= 5


def test_the_events_add_up_to_the_answer(client):
    with client.stream("Once upon a time", parameters=SHORT) as stream:
        events = list(stream)
        assert "".join(event.text for event in events) == stream.generation.text
    assert [event.index for event in events] == list(range(1, len(events) + 1))
    assert stream.generation.usage.generated_tokens == len(events) == 12
    assert stream.generation.finish_reason == "length"


def test_the_first_token_arrives_before_the_last_is_generated(client):
    answer = client.generate("Once upon a time", parameters=GenerationParameters(max_new_tokens=48))
    assert answer.timings.time_to_first_token_s < answer.timings.total_s / 2


def test_a_chat_answers_with_its_counts(client):
    answer = client.chat(QUESTION, parameters=SHORT)
    assert answer.text
    assert answer.usage.input_tokens > 5
    assert 0 < answer.usage.generated_tokens <= 12


def test_the_book_works_as_printed(deployed_endpoint, monkeypatch):
    monkeypatch.setenv("MAX_NEW_TOKENS_INFERENCE", "12")
    llm = LLMInferenceSagemakerEndpoint(endpoint_name=deployed_endpoint.endpoint_name)
    assert isinstance(InferenceExecutor(llm, "Say hello.", "A greeting is polite.").execute(), str)
    llm.client.close()


@pytest.mark.parametrize("streamed", [True, False])
def test_a_prompt_over_the_limit_is_refused_by_the_engine_alike(client, streamed):
    prompt = "word " * (client.address.max_input_tokens + 100)
    with pytest.raises(InputTooLongError) as caught:
        client.generate(prompt, parameters=SHORT, streamed=streamed)
    assert caught.value.status == 422
    assert caught.value.input_tokens > client.address.max_input_tokens


def test_what_the_engine_refuses_is_told_in_its_own_words(client):
    with pytest.raises(ValidationRejectedError, match="top_p"):
        client.invoke({"inputs": "Hello", "parameters": {"top_p": 1.0}})


def test_names_that_do_not_exist_are_told_apart(deployed_endpoint):
    component = deployed_endpoint.inference_component_name
    for names, kind in (
        ({"endpoint_name": "no-such-endpoint", "inference_component_name": component}, EndpointNotFoundError),
        (
            {"endpoint_name": deployed_endpoint.endpoint_name, "inference_component_name": "no-such-component"},
            ComponentNotFoundError,
        ),
    ):
        address = EndpointAddress(region=deployed_endpoint.region, **names)
        with EndpointClient(address) as client, pytest.raises(kind):
            client.generate("Hello", parameters=SHORT)


def test_it_is_in_service(client):
    client.wait_until_in_service(timeout_s=30)


def test_eight_asynchronous_streams_share_the_copy(deployed_endpoint):
    async def ask():
        async with AsyncEndpointClient(deployed_endpoint) as client:
            return await asyncio.gather(*(client.generate(f"{n} plus one is", parameters=SHORT) for n in range(8)))

    answers = asyncio.run(ask())
    assert all(answer.usage.generated_tokens for answer in answers)


def test_the_smoke_invocation_passes(deployed_endpoint, capsys):
    arguments = ["--endpoint", deployed_endpoint.endpoint_name, "--max-new-tokens", "8"]
    if deployed_endpoint.inference_component_name:
        arguments += ["--component", deployed_endpoint.inference_component_name]
    assert smoke.main(arguments) == 0
    assert "tokens/s" in capsys.readouterr().out
