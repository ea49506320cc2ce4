import json

import pytest

from inference_client import Token, UnexpectedAnswerError, Usage
from inference_client._chat_form import ChatDecoder
from inference_client._failure import FailureReportedError
from inference_client._generate_form import GenerateDecoder, read_whole_answer


def chunk(content=None, *, finish_reason=None, usage=None, choices=True):
    choice = {"index": 0, "delta": {"role": "assistant", "content": content}, "finish_reason": finish_reason}
    return {"object": "chat.completion.chunk", "id": "", "choices": [choice] if choices else [], "usage": usage}


CHAT = [
    chunk("Grüße"),
    chunk(" aus 東京"),
    chunk("", finish_reason="stop"),
    chunk(choices=False, usage={"prompt_tokens": 7, "completion_tokens": 4, "total_tokens": 11}),
]


def read(decoder, *chunks):
    return [event for part in chunks for event in decoder.feed(part)]


@pytest.mark.parametrize("space", [True, False])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_generate_stream_cut_at_any_byte_gives_the_same_events(say, space, end):
    stream = b":" + end.encode() * 2 + b"".join(say.sse(event, space=space, end=end) for event in say.TOKENS)
    for cut in range(len(stream) + 1):
        decoder = GenerateDecoder()
        events = read(decoder, stream[:cut], stream[cut:])
        assert [event.text for event in events] == ["Grüße", " aus ", "東京", ""]
        assert decoder.completion.text == decoder.text == "Grüße aus 東京"
        assert decoder.completion.finish_reason == "eos_token"
        assert decoder.completion.usage == Usage(input_tokens=7, generated_tokens=4)


def test_events_carry_the_engines_own_token(say):
    event = read(GenerateDecoder(), say.sse(say.TOKENS[3]))[0]
    assert event.token == Token(id=104, text="<|im_end|>", logprob=-1.0, special=True)
    assert event.text == ""


def test_without_details_the_tokens_are_counted_and_the_rest_is_unknown(say):
    decoder = GenerateDecoder()
    read(decoder, say.sse(say.token(1, "a")), say.sse(say.token(2, "b", whole="ab")))
    assert decoder.completion.usage == Usage(input_tokens=None, generated_tokens=2)
    assert decoder.completion.finish_reason == ""


def test_a_chat_stream_cut_at_any_byte_gives_the_same_answer(say):
    stream = b"".join(say.sse(message) for message in CHAT) + b"data: [DONE]\n\n"
    for cut in range(len(stream) + 1):
        decoder = ChatDecoder()
        events = read(decoder, stream[:cut], stream[cut:])
        assert [(event.index, event.text) for event in events] == [(1, "Grüße"), (2, " aus 東京")]
        assert decoder.completion.text == "Grüße aus 東京"
        assert decoder.completion.finish_reason == "stop"
        assert decoder.completion.usage == Usage(input_tokens=7, generated_tokens=4)


def test_a_chat_cut_off_before_its_finish_reason_is_not_complete(say):
    decoder = ChatDecoder()
    read(decoder, say.sse(CHAT[0]), b"data: [DONE]\n\n")
    assert decoder.completion is None


@pytest.mark.parametrize(
    ("event", "reason", "status"),
    [
        ({"error": "Input validation error: `inputs` cannot be empty", "error_type": "validation"}, "validation", 422),
        ({"error": "Model is overloaded", "error_type": "overloaded"}, "overloaded", 429),
        ({"error": {"message": "bad template", "http_status_code": 422}}, "", 422),
        ({"error": {"message": "too long", "type": "BadRequestError", "code": 400}}, "BadRequestError", 400),
        ({"object": "error", "message": "too long", "type": "BadRequestError", "code": 400}, "BadRequestError", 400),
    ],
)
def test_an_error_event_is_given_after_the_tokens_before_it(say, event, reason, status):
    decoder = GenerateDecoder()
    seen = []
    with pytest.raises(FailureReportedError) as caught:
        seen.extend(event.text for event in decoder.feed(say.sse(say.TOKENS[0]) + say.sse(event)))
    assert decoder.text == "Grüße"
    assert (caught.value.failure.code, caught.value.failure.reason, caught.value.failure.status) == (
        "ModelError",
        reason,
        status,
    )


@pytest.mark.parametrize(
    "data", ["no json", "[1]", '{"unknown": 1}', '{"token": 7}', '{"token": {"id": "x", "text": ""}}']
)
def test_an_event_of_another_shape_is_shown_in_the_error(say, data):
    with pytest.raises(UnexpectedAnswerError, match="TGI") as caught:
        read(GenerateDecoder(), say.sse(data))
    assert data[:5] in str(caught.value)


def test_an_answer_in_one_piece_is_a_list_or_an_object():
    details = {"finish_reason": "length", "generated_tokens": 2, "seed": 3, "tokens": []}
    answer = {"generated_text": "ab", "details": details}
    for body in ([answer], answer):
        completion, alternatives = read_whole_answer(json.dumps(body).encode())
        assert (completion.text, completion.finish_reason, completion.seed) == ("ab", "length", 3)
        assert completion.usage == Usage(input_tokens=None, generated_tokens=2)
        assert alternatives == ()


def test_best_of_gives_the_other_candidates():
    other = {"generated_text": "cd", "finish_reason": "eos_token", "generated_tokens": 3}
    details = {"finish_reason": "length", "generated_tokens": 2, "best_of_sequences": [other]}
    _, alternatives = read_whole_answer(json.dumps([{"generated_text": "ab", "details": details}]).encode())
    assert [(one.text, one.usage.generated_tokens) for one in alternatives] == [("cd", 3)]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'"text"', b"7", b'[{"details": {}}]'])
def test_an_answer_of_another_shape_is_shown_in_the_error(body):
    with pytest.raises(UnexpectedAnswerError, match="generated_text"):
        read_whole_answer(body)
