"""OpenAI's own client, unchanged."""

import json

import openai
import pytest

PING = [
    {"role": "user", "content": "Ping"},
    {"role": "assistant", "content": "Pong"},
    {"role": "user", "content": "Ping"},
]
FRANCE = "The capital of France is"


def test_a_chat_is_answered(openai_client: openai.OpenAI):
    completion = openai_client.chat.completions.create(model="twin", messages=PING, max_tokens=2, temperature=0)
    (choice,) = completion.choices
    assert (choice.message.content, choice.finish_reason) == ("Pong", "length")
    assert completion.usage.completion_tokens == 2
    assert (completion.id[:9], completion.model) == ("chatcmpl-", "twin")


def test_a_chat_is_streamed_with_its_usage_at_the_end(openai_client: openai.OpenAI):
    with openai_client.chat.completions.create(
        model="twin", messages=PING, max_tokens=9, temperature=0, stream=True, stream_options={"include_usage": True}
    ) as stream:
        first, *chunks, last = list(stream)
    assert first.choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content for chunk in chunks) == "Pong"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert (last.choices, last.usage.completion_tokens) == ([], 3)


def test_prompts_are_completed_each_for_itself(openai_client: openai.OpenAI):
    completion = openai_client.completions.create(
        model="twin", prompt=[FRANCE, "one, two, three,"], max_tokens=2, temperature=0, logprobs=1
    )
    assert [choice.text for choice in completion.choices] == [" Paris.", " four,"]
    assert completion.choices[0].logprobs.tokens == [" Paris", "."]
    assert completion.choices[0].logprobs.token_logprobs[0] < 0
    assert completion.usage.completion_tokens == 4


def test_completions_are_streamed_each_by_its_index(openai_client: openai.OpenAI):
    with openai_client.completions.create(
        model="twin", prompt=[FRANCE, "one, two, three,"], max_tokens=2, temperature=0, stream=True
    ) as stream:
        texts = ["", ""]
        for chunk in stream:
            texts[chunk.choices[0].index] += chunk.choices[0].text
    assert texts == [" Paris.", " four,"]


def test_an_answer_keeps_to_a_json_schema(openai_client: openai.OpenAI):
    schema = {
        "type": "object",
        "properties": {"city": {"enum": ["Paris", "Rome"]}, "is_capital": {"type": "boolean"}},
        "required": ["city", "is_capital"],
        "additionalProperties": False,
    }
    completion = openai_client.chat.completions.create(
        model="twin",
        messages=[{"role": "user", "content": "Describe the capital of France as JSON."}],
        max_tokens=60,
        temperature=0,
        response_format={"type": "json_schema", "json_schema": {"name": "city", "schema": schema}},
    )
    answer = json.loads(completion.choices[0].message.content)
    assert answer["city"] in {"Paris", "Rome"}
    assert isinstance(answer["is_capital"], bool)


@pytest.mark.parametrize(
    ("constraint", "allowed"),
    [({"choice": ["Rome", "Oslo"]}, {"Rome", "Oslo"}), ({"regex": "[0-9]{3}"}, {f"{n:03}" for n in range(1000)})],
)
def test_an_answer_keeps_to_vllms_own_structured_outputs(openai_client: openai.OpenAI, constraint, allowed):
    completion = openai_client.completions.create(
        model="twin", prompt=FRANCE, max_tokens=8, temperature=0, extra_body={"structured_outputs": constraint}
    )
    assert completion.choices[0].text in allowed


def test_a_seed_gives_the_same_answer_again(openai_client: openai.OpenAI):
    def ask(seed: int) -> str:
        completion = openai_client.completions.create(model="twin", prompt=FRANCE, max_tokens=6, seed=seed)
        return completion.choices[0].text

    assert ask(7) == ask(7)
    assert len({ask(seed) for seed in range(3)}) > 1


def test_a_model_that_is_not_served_is_not_found(openai_client: openai.OpenAI):
    with pytest.raises(openai.NotFoundError, match="The model `gpt-4` does not exist"):
        openai_client.chat.completions.create(model="gpt-4", messages=PING)
