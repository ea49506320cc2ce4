import json

import pytest

from inference_client import GenerationParameters, InvalidParameterError, InvalidPromptError, RequestTooLargeError
from inference_client._forms import Forms
from inference_client._payload import chat_payload, check_adapter, check_limits, encode, generate_payload

PARAMETERS = GenerationParameters()


@pytest.mark.parametrize("prompt", ["", None, b"bytes", 7])
def test_a_prompt_must_be_text(prompt):
    for engine in ("tgi", "vllm", None):
        with pytest.raises(InvalidPromptError):
            Forms(engine=engine).prompt(prompt, PARAMETERS, streamed=True)


def test_details_are_asked_for_and_the_stream_is_said():
    assert generate_payload("hi", PARAMETERS, streamed=True) == {
        "inputs": "hi",
        "parameters": {"max_new_tokens": 150, "return_full_text": False, "details": True},
        "stream": True,
    }


def test_several_candidates_cannot_be_streamed():
    parameters = GenerationParameters(best_of=2, do_sample=True)
    with pytest.raises(InvalidParameterError, match="streamed=False"):
        generate_payload("hi", parameters, streamed=True)
    assert generate_payload("hi", parameters, streamed=False)["stream"] is False


@pytest.mark.parametrize("messages", [[], "hi", [{}], [{"role": "user"}], ["hi"]])
def test_messages_need_a_role_and_a_content(messages):
    with pytest.raises(InvalidPromptError, match="role"):
        chat_payload(messages, PARAMETERS)


def test_chat_parameters_get_their_names_of_the_messages_form():
    parameters = GenerationParameters(max_new_tokens=5, seed=1, stop=("x",), grammar={"type": "json", "value": {}})
    payload = chat_payload([{"role": "user", "content": "hi"}], parameters)
    assert payload == {
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 5,
        "seed": 1,
        "stop": ["x"],
        "response_format": {"type": "json", "value": {}},
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_chat_refuses_parameters_that_the_messages_form_does_not_know():
    with pytest.raises(InvalidParameterError, match="repetition_penalty, top_k: not known in a chat"):
        chat_payload([{"role": "user", "content": "hi"}], GenerationParameters(top_k=3, repetition_penalty=1.1))


def test_a_body_is_compact_utf8():
    assert encode({"inputs": "東京"}, max_body_bytes=100) == '{"inputs":"東京"}'.encode()


def test_a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not():
    body = json.dumps({"inputs": "x" * 90}, separators=(",", ":"))
    assert len(encode({"inputs": "x" * 90}, max_body_bytes=len(body))) == len(body)
    with pytest.raises(RequestTooLargeError, match=f"{len(body)} bytes; allowed: {len(body) - 1}"):
        encode({"inputs": "x" * 90}, max_body_bytes=len(body) - 1)


def test_sagemakers_limit_holds_whatever_is_allowed():
    with pytest.raises(RequestTooLargeError, match="allowed: 6,291,456"):
        encode({"inputs": "x" * 6_291_456}, max_body_bytes=10**9)


@pytest.mark.parametrize("prompt", ["half a pair \ud83d", float("nan"), object()])
def test_what_is_no_json_is_refused(prompt):
    with pytest.raises(InvalidPromptError):
        encode({"inputs": prompt}, max_body_bytes=1000)


def test_limits_that_no_prompt_can_meet_are_refused_before_sending():
    with pytest.raises(InvalidParameterError, match="truncate is 101; allowed: 1 to 100"):
        check_limits(GenerationParameters(truncate=101), max_input_tokens=100, max_total_tokens=None)
    with pytest.raises(InvalidParameterError, match="max_new_tokens is 200; allowed: 1 to 199"):
        check_limits(GenerationParameters(max_new_tokens=200), max_input_tokens=None, max_total_tokens=200)


def test_an_answer_longer_than_the_total_is_left_to_the_engine_which_cuts_it_off():
    check_limits(GenerationParameters(max_new_tokens=5000), max_input_tokens=2048, max_total_tokens=4096)
    check_limits(GenerationParameters(max_new_tokens=5000, truncate=9999), max_input_tokens=None, max_total_tokens=None)


def test_a_chat_asks_for_an_adapter_as_its_model():
    payload = chat_payload([{"role": "user", "content": "hi"}], GenerationParameters(adapter_id="ada/twin"))
    assert payload["model"] == "ada/twin"


@pytest.mark.parametrize(("asked", "there"), [("ada/twin", ("ada/twin",)), (None, ()), ("ada/twin", None)])
def test_an_adapter_that_is_there_or_of_which_nothing_is_known_may_be_asked_for(asked, there):
    check_adapter(GenerationParameters(adapter_id=asked), adapters=there)


@pytest.mark.parametrize(
    ("there", "allowed"), [(("ada/twin", "bob/twin"), "ada/twin, bob/twin"), ((), "none, the endpoint has no adapters")]
)
def test_an_adapter_that_is_not_there_is_refused_before_the_model_answers_in_its_place(there, allowed):
    with pytest.raises(InvalidParameterError, match=rf"^adapter_id is 'eve/twin'; allowed: {allowed}\.$"):
        check_adapter(GenerationParameters(adapter_id="eve/twin"), adapters=there)


def test_a_prompt_is_a_completion_to_vllm():
    parameters = GenerationParameters(max_new_tokens=5, stop=("x",), repetition_penalty=1.1, truncate=9)
    assert Forms(engine="vllm").prompt("hi", parameters, streamed=True) == {
        "prompt": "hi",
        "max_tokens": 5,
        "stop": ["x"],
        "include_stop_str_in_output": True,
        "repetition_penalty": 1.1,
        "truncate_prompt_tokens": 9,
        "temperature": 0.0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    sampled = Forms(engine="vllm").prompt("hi", GenerationParameters(top_p=0.9), streamed=False)
    assert sampled == {"prompt": "hi", "max_tokens": 150, "top_p": 0.9, "stream": False}
    assert "temperature" not in Forms(engine="vllm").prompt("hi", GenerationParameters(do_sample=True), streamed=False)


@pytest.mark.parametrize(
    ("grammar", "told"),
    [
        ({"type": "json", "value": {"type": "object"}}, {"json": {"type": "object"}}),
        ({"type": "regex", "value": "a+"}, {"regex": "a+"}),
        ({"type": "json_schema", "value": {"name": "a", "schema": {"type": "object"}}}, {"json": {"type": "object"}}),
    ],
)
def test_a_grammar_is_a_structured_output_to_vllm(grammar, told):
    parameters, forms = GenerationParameters(grammar=grammar), Forms(engine="vllm")
    assert forms.prompt("hi", parameters, streamed=True)["structured_outputs"] == told
    chat = forms.chat([{"role": "user", "content": "hi"}], parameters)
    assert chat["structured_outputs"] == told
    assert "response_format" not in chat


@pytest.mark.parametrize("name", ["typical_p", "best_of", "top_n_tokens", "watermark", "return_full_text"])
def test_what_vllm_does_not_know_is_refused_before_it_is_sent(name):
    value = {"typical_p": 0.5, "best_of": 2, "top_n_tokens": 1}.get(name, True)
    parameters = GenerationParameters(do_sample=True, **{name: value})
    with pytest.raises(InvalidParameterError, match=f"{name}: not known to vLLM; allowed: max_new_tokens, "):
        Forms(engine="vllm").prompt("hi", parameters, streamed=False)
