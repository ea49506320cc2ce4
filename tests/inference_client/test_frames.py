import pytest

from inference_client._failure import FailureReportedError
from inference_client._frames import FrameDecoder


def decode(*chunks):
    decoder = FrameDecoder()
    return [part for chunk in chunks for part in decoder.feed(chunk)]


def test_a_cut_at_any_byte_changes_nothing(say):
    stream = say.frame(b"one") + say.frame(b"") + say.frame("zwei ü".encode())
    for cut in range(len(stream) + 1):
        assert decode(stream[:cut], stream[cut:]) == [b"one", b"", "zwei ü".encode()]


def test_other_events_are_passed_over(say):
    assert decode(say.frame(b"x", message_type="event", event_type="NewerKind"), say.frame(b"one")) == [b"one"]


def test_an_exception_frame_keeps_its_error_code(say):
    with pytest.raises(FailureReportedError) as caught:
        decode(say.exception_frame("ModelStreamError", "too slow", "ModelInvocationTimeExceeded"))
    failure = caught.value.failure
    assert (failure.code, failure.reason, failure.message) == (
        "ModelStreamError",
        "ModelInvocationTimeExceeded",
        "too slow",
    )


def test_an_error_frame_without_a_body_says_what_its_headers_say(say):
    with pytest.raises(FailureReportedError, match="it broke") as caught:
        decode(say.frame(b"", message_type="error", error_code="InternalFailure", error_message="it broke"))
    assert caught.value.failure.code == "InternalFailure"


def test_a_damaged_frame_is_a_failure_with_its_cause(say):
    damaged = bytearray(say.frame(b"payload"))
    damaged[-6] ^= 0xFF
    with pytest.raises(FailureReportedError, match="Checksum") as caught:
        decode(bytes(damaged))
    assert caught.value.__cause__ is not None
