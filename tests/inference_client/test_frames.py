import struct
from binascii import crc32

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


def test_no_damaged_byte_goes_unnoticed(say):
    frames = [say.frame(b"one"), say.frame(b"two"), say.frame(b"three")]
    stream = b"".join(frames)
    for index in range(len(stream)):
        damaged = bytearray(stream)
        damaged[index] ^= 0x41
        parts = []
        with pytest.raises(FailureReportedError) as caught:
            parts.extend(FrameDecoder().feed(bytes(damaged)))
        assert caught.value.failure.code == "DamagedFrames"
        assert parts == [b"one", b"two"][: index // len(frames[0])]


def test_a_frame_that_claims_too_much_is_not_waited_for():
    prelude = struct.pack("!II", 2**31, 0)
    with pytest.raises(FailureReportedError, match="length"):
        decode(prelude + struct.pack("!I", crc32(prelude)))


@pytest.mark.parametrize("length", [0, 12, 15])
def test_a_frame_that_is_shorter_than_itself_is_damaged(length):
    prelude = struct.pack("!II", length, 0)
    with pytest.raises(FailureReportedError, match=f"{length} bytes"):
        decode(prelude + struct.pack("!I", crc32(prelude)) + b"1234")
