import time

import pytest

import inference_client as ic
from inference_client._component import ComponentChoice
from inference_client._retry import RetrySchedule


def refused(say):
    return {
        "throttled": say.aws_error("ThrottlingException", 400, "Rate exceeded"),
        "503": say.aws_error("ServiceUnavailable", 503, "try again"),
        "loading": say.aws_error("ModelNotReadyException", 429, "loading"),
        "overloaded": say.container_error(429, {"error": "Model is overloaded", "error_type": "overloaded"}),
    }


@pytest.mark.parametrize("what", ["throttled", "503", "loading", "overloaded"])
def test_what_was_refused_before_any_work_is_sent_again(wire, say, client, what):
    wire.on("stream", refused(say)[what], refused(say)[what], say.whole_stream())
    assert client.generate("Hallo").text == "Grüße aus 東京"
    assert wire.count("stream") == 3


@pytest.mark.parametrize("what", ["throttled", "503", "loading", "overloaded"])
def test_attempts_are_bounded_and_the_last_error_is_let_through(wire, say, make_client, what):
    wire.on("stream", refused(say)[what])
    with pytest.raises(ic.InferenceClientError) as caught:
        make_client(max_attempts=2).generate("Hallo")
    assert caught.value.resend_is_free
    assert wire.count("stream") == 2


def test_what_may_have_been_computed_is_not_sent_again(wire, say, client):
    for reply in (
        say.aws_error("InternalFailure", 500, "oops"),
        say.container_error(500, {"error": "Incomplete generation", "error_type": "incomplete_generation"}),
        say.container_error(502, "bad gateway"),
    ):
        wire.reset()
        wire.on("invoke", reply)
        with pytest.raises(ic.StatusError) as caught:
            client.generate("Hallo", streamed=False)
        assert (caught.value.retryable, caught.value.resend_is_free) == (True, False)
        assert wire.count("invoke") == 1


OVERLOADED = {"error": "Model is overloaded", "error_type": "overloaded"}


def test_overload_reported_under_status_200_is_sent_again_as_well(wire, say, client):
    wire.on("stream", say.stream(OVERLOADED), say.whole_stream())
    assert client.generate("Hallo").text == "Grüße aus 東京"
    assert wire.count("stream") == 2


def test_overload_under_status_200_that_lasts_is_raised_before_the_iteration(wire, say, client):
    wire.on("stream", say.stream(OVERLOADED))
    with pytest.raises(ic.OverloadedError) as caught:
        client.stream("Hallo")
    assert caught.value.status == 429
    assert wire.count("stream") == 3


def test_nothing_is_sent_again_once_a_token_has_come(wire, say, client):
    wire.on("stream", say.stream(say.TOKENS[0], OVERLOADED))
    with pytest.raises(ic.OverloadedError) as caught:
        client.generate("Hallo")
    assert caught.value.partial_text == "Grüße"
    assert wire.count("stream") == 1


def test_no_capacity_is_an_error_at_once_unless_told_to_wait(wire, say, client):
    wire.on("stream", say.NO_CAPACITY)
    with pytest.raises(ic.NoCapacityError, match="wait_for_capacity_s") as caught:
        client.generate("Hallo")
    assert caught.value.retryable
    assert wire.count("stream") == 1


def test_told_to_wait_it_waits_for_capacity_and_says_so(wire, say, make_client):
    wire.on("stream", say.NO_CAPACITY, say.NO_CAPACITY, say.whole_stream())
    waits = []
    client = make_client(wait_for_capacity_s=30, on_wait=waits.append, max_attempts=1)
    assert client.generate("Hallo").text == "Grüße aus 東京"
    assert len(waits) == 2
    assert all(isinstance(wait.reason, ic.NoCapacityError) and wait.limit_s == 30 for wait in waits)
    assert 0 <= waits[0].elapsed_s < waits[1].elapsed_s


def test_the_wait_for_capacity_ends(wire, say, make_client):
    wire.on("stream", say.NO_CAPACITY)
    started_s = time.monotonic()
    with pytest.raises(ic.NoCapacityError):
        make_client(wait_for_capacity_s=0.3).generate("Hallo")
    assert 0.3 <= time.monotonic() - started_s < 3
    assert wire.count("stream") == 2


def test_what_on_wait_raises_ends_the_wait(wire, say, make_client):
    wire.on("stream", say.NO_CAPACITY)

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_client(wait_for_capacity_s=30, on_wait=stop).generate("Hallo")


def schedule(*, jitter=1.0, now=lambda: 0.0, component="llm", **options):
    address = ic.EndpointAddress(endpoint_name="twin", inference_component_name=component)
    choice = ComponentChoice(address, lambda: None)
    return RetrySchedule(ic.ClientOptions(**options), choice, clock=now, jitter=lambda: jitter)


def test_pauses_double_up_to_eight_seconds_and_at_most_half_of_one_is_chance():
    for jitter, share in ((1.0, 1.0), (0.0, 0.5)):
        attempts = schedule(jitter=jitter, max_attempts=9)
        pauses = [attempts.pause_after(ic.ThrottledError("x")) for _ in range(8)]
        assert pauses == [longest * share for longest in (0.5, 1, 2, 4, 8, 8, 8, 8)]


def test_waiting_for_capacity_takes_nothing_from_the_other_attempts():
    attempts = schedule(max_attempts=2, wait_for_capacity_s=1000)
    for _ in range(20):
        assert 0 < attempts.pause_after(ic.NoCapacityError("x")) <= 10
    attempts.pause_after(ic.ThrottledError("x"))
    with pytest.raises(ic.ThrottledError):
        attempts.pause_after(ic.ThrottledError("x"))


def test_the_last_pause_for_capacity_ends_with_the_limit():
    times = iter([0.0, 9.5, 10.0])
    attempts = schedule(now=lambda: next(times), wait_for_capacity_s=10)
    assert attempts.pause_after(ic.NoCapacityError("x")) == 0.5
    with pytest.raises(ic.NoCapacityError):
        attempts.pause_after(ic.NoCapacityError("x"))


def test_a_component_that_was_named_is_not_looked_for_again():
    with pytest.raises(ic.ComponentNotFoundError):
        schedule().pause_after(ic.ComponentNotFoundError("x"))


def test_a_component_that_was_looked_up_is_looked_for_once_more():
    attempts = schedule(component=None)
    assert attempts.pause_after(ic.ComponentNotFoundError("x")) == 0
    with pytest.raises(ic.ComponentNotFoundError):
        attempts.pause_after(ic.ComponentNotFoundError("x"))
