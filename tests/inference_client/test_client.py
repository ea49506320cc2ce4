import json
import socket
import threading
import time

import boto3
import pytest

import inference_client as ic


def test_an_answer_has_text_counts_timings_and_ids(wire, say, client):
    wire.on("stream", say.stream(*say.TOKENS[:2], 0.05, *say.TOKENS[2:]))
    answer = client.generate("Hallo")
    assert answer.text == "Grüße aus 東京"
    assert answer.finish_reason == "eos_token"
    assert answer.usage == ic.Usage(input_tokens=7, generated_tokens=4)
    assert (answer.request_id, answer.invoked_variant) == ("req-1", "AllTraffic")
    assert 0 < answer.timings.time_to_first_token_s < answer.timings.total_s
    assert 0.04 <= answer.timings.total_s - answer.timings.time_to_first_token_s < 5
    assert answer.timings.tokens_per_s == pytest.approx(4 / answer.timings.total_s)


def test_the_request_is_what_the_engine_takes(wire, say, client):
    wire.on("stream", say.whole_stream())
    client.generate("Hallo", parameters=ic.GenerationParameters(temperature=0.5, stop=("x",)), inference_id="my id")
    (request,) = wire.requests
    assert request.path == "/endpoints/twin/invocations-response-stream"
    assert request.headers["x-amzn-sagemaker-inference-component"] == "llm"
    assert request.headers["x-amzn-sagemaker-inference-id"] == "my id"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
    sent = {"max_new_tokens": 150, "temperature": 0.5, "stop": ["x"], "return_full_text": False, "details": True}
    assert request.json == {"inputs": "Hallo", "parameters": sent, "stream": True}


def test_an_answer_in_one_piece_uses_plain_invoke(wire, say, client):
    details = {"finish_reason": "length", "generated_tokens": 8, "seed": None, "prefill": [], "tokens": []}
    wire.on("invoke", say.json([{"generated_text": "eight", "details": details}]))
    answer = client.generate("Hallo", streamed=False)
    assert (answer.text, answer.finish_reason) == ("eight", "length")
    assert answer.usage == ic.Usage(input_tokens=None, generated_tokens=8)
    assert answer.timings.time_to_first_token_s is None
    assert answer.timings.tokens_per_s == pytest.approx(8 / answer.timings.total_s)
    assert wire.requests[0].json["stream"] is False


def test_tokens_arrive_before_the_stream_ends(wire, say, client):
    wire.on("stream", say.stream(say.TOKENS[0], say.HANG))
    with client.stream("Hallo") as stream:
        assert next(stream).text == "Grüße"
        assert stream.text == "Grüße"
        with pytest.raises(ic.ConfigurationError, match="not been read to its end"):
            _ = stream.generation


def test_leaving_the_block_closes_the_connection_at_once(wire, say, client):
    wire.on("stream", say.stream(say.TOKENS[0], say.HANG))
    with client.stream("Hallo") as stream:
        next(stream)
    assert wire.left_early.wait(10)
    assert list(stream) == []


def test_another_thread_may_close_a_stream_that_waits(wire, say, client):
    wire.on("stream", say.stream(say.TOKENS[0], say.HANG))
    stream = client.stream("Hallo")
    next(stream)
    rest = []
    reader = threading.Thread(target=lambda: rest.extend(stream))
    reader.start()
    time.sleep(0.1)
    stream.close()
    reader.join(timeout=2)
    assert not reader.is_alive()
    assert rest == []
    assert wire.left_early.wait(10)


def test_a_stream_read_to_its_end_gives_its_connection_back(wire, say, client):
    wire.on("stream", say.whole_stream())
    for _ in range(3):
        with client.stream("Hallo") as stream:
            assert [event.index for event in stream] == [1, 2, 3, 4]
            assert stream.generation.text == "Grüße aus 東京"
    assert wire.connections == 1


def test_payload_parts_align_with_nothing(wire, say, client):
    whole = b"".join(say.sse(event) for event in say.TOKENS)
    wire.on("stream", say.Reply([say.frame(whole[start : start + 7]) for start in range(0, len(whole), 7)]))
    assert client.generate("Hallo").text == "Grüße aus 東京"


def test_http_chunks_align_with_nothing_either(wire, say, client):
    whole = b"".join(say.whole_stream().steps)
    wire.on("stream", say.Reply([whole[start : start + 11] for start in range(0, len(whole), 11)]))
    assert client.generate("Hallo").text == "Grüße aus 東京"


def test_a_chat_is_sent_in_the_messages_form(wire, say, client):
    chunks = [
        {"choices": [{"delta": {"content": "hi"}, "finish_reason": None}], "usage": None},
        {"choices": [{"delta": {"content": " there"}, "finish_reason": "stop"}], "usage": None},
        {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}},
    ]
    wire.on("stream", say.Reply([say.frame(say.sse(chunk)) for chunk in chunks] + [say.frame(say.sse("[DONE]"))]))
    answer = client.chat([{"role": "user", "content": "Hallo"}])
    assert (answer.text, answer.finish_reason) == ("hi there", "stop")
    assert answer.usage == ic.Usage(input_tokens=9, generated_tokens=2)
    assert wire.requests[0].json["stream_options"] == {"include_usage": True}


def test_many_threads_share_a_client(wire, say, client):
    wire.on("stream", say.whole_stream())
    answers = []

    def ask(number):
        answers.append((number, client.generate(f"prompt {number}").text))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 12
    assert {text for _, text in answers} == {"Grüße aus 東京"}
    assert {request.json["inputs"] for request in wire.requests} == {f"prompt {number}" for number in range(12)}


@pytest.mark.parametrize("streamed", [True, False])
def test_what_the_engine_refuses_is_the_same_error_streamed_or_not(wire, say, client, streamed):
    refusal = {
        "error": "Input validation error: `inputs` must have less than 64 tokens. Given: 90",
        "error_type": "validation",
    }
    wire.on("stream", say.stream(refusal))
    wire.on("invoke", say.container_error(422, refusal))
    with pytest.raises(ic.InputTooLongError, match="Given: 90") as caught:
        client.generate("Hallo", streamed=streamed)
    error = caught.value
    assert (error.status, error.error_type, error.input_tokens, error.max_tokens) == (422, "validation", 90, 64)
    assert (error.request_id, error.retryable, error.partial_text) == ("req-1", False, "")
    assert error.__cause__ is not None
    assert len(wire.requests) == 1


def test_an_error_in_mid_stream_carries_the_text_so_far(wire, say, client):
    failure = {"error": "Request failed during generation: Server error: CUDA OOM", "error_type": "generation"}
    wire.on("stream", say.stream(*say.TOKENS[:2], failure))
    seen = []
    with pytest.raises(ic.GenerationFailedError, match="CUDA OOM") as caught, client.stream("Hallo") as stream:
        seen.extend(event.text for event in stream)
    assert seen == ["Grüße", " aus "]
    assert caught.value.partial_text == "Grüße aus "
    assert wire.count("stream") == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [("ModelInvocationTimeExceeded", ic.InvocationTimeoutError), ("StreamBroken", ic.StreamInterruptedError)],
)
def test_sagemakers_errors_in_mid_stream_are_told_apart(wire, say, client, code, kind):
    wire.on("stream", say.stream(say.TOKENS[0], say.exception_frame("ModelStreamError", "it ended", code)))
    with pytest.raises(kind, match="it ended") as caught:
        client.generate("Hallo")
    assert caught.value.partial_text == "Grüße"


@pytest.mark.parametrize("how", ["cut", "clean end"])
def test_a_stream_that_ends_too_early_is_interrupted_with_the_text_so_far(wire, say, client, how):
    wire.on("stream", say.stream(*say.TOKENS[:2], *([say.CUT] if how == "cut" else [])))
    with pytest.raises(ic.StreamInterruptedError, match="broke off after 10 characters") as caught:
        client.generate("Hallo")
    assert caught.value.partial_text == "Grüße aus "
    assert caught.value.request_id == "req-1"
    assert wire.count("stream") == 1


def test_a_cut_after_the_final_event_loses_nothing(wire, say, client):
    wire.on("stream", say.stream(*say.TOKENS, say.CUT))
    assert client.generate("Hallo").text == "Grüße aus 東京"


def test_a_silent_stream_ends_with_the_read_timeout_and_is_not_sent_again(wire, say, make_client):
    wire.on("stream", say.stream(say.TOKENS[0], say.HANG))
    started_s = time.monotonic()
    with pytest.raises(ic.ReadTimeoutError, match="silent") as caught:
        make_client(read_timeout_s=0.3).generate("Hallo")
    assert time.monotonic() - started_s < 3
    assert caught.value.partial_text == "Grüße"
    assert wire.left_early.wait(10)
    assert wire.count("stream") == 1


@pytest.mark.parametrize(("kind", "streamed"), [("invoke", False), ("stream", True)])
def test_no_answer_at_all_ends_with_the_read_timeout_and_exactly_one_request_was_made(
    wire, say, make_client, kind, streamed
):
    wire.on(kind, say.Reply([say.HANG]))
    with pytest.raises(ic.ReadTimeoutError, match="not sent again") as caught:
        make_client(read_timeout_s=0.3, max_attempts=5).generate("Hallo", streamed=streamed)
    assert not caught.value.retryable
    time.sleep(0.2)
    assert wire.count(kind) == 1


def test_keep_alive_comments_do_not_extend_the_total_timeout(wire, say, make_client):
    comment = say.frame(b":\n\n")
    wire.on("stream", say.stream(say.TOKENS[0], *([0.1, comment] * 20)))
    with pytest.raises(ic.ReadTimeoutError, match=r"longer than 0\.3 s") as caught:
        make_client(total_timeout_s=0.3).generate("Hallo")
    assert caught.value.partial_text == "Grüße"


@pytest.mark.parametrize("kind", ["invoke", "stream"])
def test_a_connection_lost_after_sending_is_not_sent_again(wire, say, client, kind):
    wire.on(kind, say.Reply([say.CUT]))
    with pytest.raises(ic.ConnectionLostError) as caught:
        client.generate("Hallo", streamed=kind == "stream")
    assert (caught.value.retryable, caught.value.resend_is_free) == (True, False)
    assert wire.count(kind) == 1


def test_no_connection_is_tried_again_and_says_where_it_went(make_client, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(ic.ConnectFailedError, match=url):
        make_client().generate("Hallo")


def test_the_runtimes_own_endpoint_url_wins(wire, say, make_client, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", wire.url)
    wire.on("stream", say.whole_stream())
    assert make_client().generate("Hallo").text == "Grüße aus 東京"


def test_an_address_in_another_region_is_signed_for_that_region(wire, say, make_client):
    wire.on("stream", say.whole_stream())
    make_client(address={"region": "eu-central-1"}).generate("Hallo")
    assert "/eu-central-1/sagemaker/aws4_request" in wire.requests[0].headers["authorization"]


def test_an_answer_in_no_known_format_is_shown(wire, say, client):
    wire.on("invoke", say.Reply([b"<html>gateway</html>"], chunked=False))
    with pytest.raises(ic.UnexpectedAnswerError, match="<html>gateway"):
        client.invoke({"inputs": "Hallo"})


def test_invoke_sends_and_gives_json_as_it_is(wire, say, client):
    wire.on("invoke", say.json({"choices": []}))
    assert client.invoke({"prompt": "Hallo", "max_tokens": None}) == {"choices": []}
    assert json.loads(wire.requests[0].body) == {"prompt": "Hallo", "max_tokens": None}


@pytest.mark.parametrize("inference_id", ["", " x", "x" * 65, "ü"])
def test_an_inference_id_that_sagemaker_refuses_is_refused_before_sending(wire, client, inference_id):
    with pytest.raises(ic.ConfigurationError, match="1 to 64 printable"):
        client.generate("Hallo", inference_id=inference_id)
    assert wire.requests == []


def test_limits_of_the_address_are_checked_before_sending(wire, make_client):
    client = make_client(address={"max_input_tokens": 64, "max_total_tokens": 128})
    with pytest.raises(ic.InvalidParameterError, match="allowed: 1 to 127"):
        client.generate("Hallo")
    assert wire.requests == []


def test_without_credentials_the_error_says_where_they_come_from(wire, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    client = ic.EndpointClient(ic.EndpointAddress(endpoint_name="twin", inference_component_name="llm"))
    with client, pytest.raises(ic.CredentialsError, match="AWS_PROFILE"):
        client.generate("Hallo")


def test_without_a_region_the_error_says_which_variable_boto3_reads(wire, monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    client = ic.EndpointClient(ic.EndpointAddress(endpoint_name="twin", inference_component_name="llm"))
    with client, pytest.raises(ic.ConfigurationError, match="AWS_DEFAULT_REGION"):
        client.generate("Hallo")


def test_an_unknown_profile_is_a_credentials_error(wire, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    client = ic.EndpointClient(ic.EndpointAddress(endpoint_name="twin", inference_component_name="llm"))
    with client, pytest.raises(ic.CredentialsError, match="nobody"):
        client.generate("Hallo")


def test_a_malformed_endpoint_url_is_a_configuration_error(aws_environment, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:4566/")
    client = ic.EndpointClient(ic.EndpointAddress(endpoint_name="twin", inference_component_name="llm"))
    with client, pytest.raises(ic.ConfigurationError, match="AWS_ENDPOINT_URL"):
        client.generate("Hallo")


def test_an_injected_session_is_the_one_that_is_used(wire, say, aws_environment):
    wire.on("stream", say.whole_stream())
    session = boto3.session.Session(
        aws_access_key_id="AKIDOTHER",
        aws_secret_access_key="test",  # noqa: S106  # of the scripted AWS
        region_name="us-west-2",
    )
    address = ic.EndpointAddress(endpoint_name="twin", inference_component_name="llm")
    with ic.EndpointClient(address, session=session) as client:
        client.generate("Hallo")
    assert "Credential=AKIDOTHER/" in wire.requests[0].headers["authorization"]
    assert "/us-west-2/" in wire.requests[0].headers["authorization"]


def test_a_closed_client_opens_again_when_used(wire, say, client):
    wire.on("stream", say.whole_stream())
    client.generate("Hallo")
    client.close()
    assert client.generate("Hallo").text == "Grüße aus 東京"
    assert wire.connections == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("read_timeout_s", 0),
        ("connect_timeout_s", -1),
        ("max_attempts", 0),
        ("backoff_s", -1),
        ("max_body_bytes", 7_000_000),
    ],
)
def test_options_that_make_no_sense_are_refused(name, value):
    with pytest.raises(ic.ConfigurationError, match=f"{name} is {value}; allowed"):
        ic.ClientOptions(**{name: value})
